#include "config/document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <utility>

namespace kairos::config {
namespace {

/// Leaves yaml-cpp's recursion early; caught in parse_document.
struct Stop {
  int line;
  std::string what;
};

class TreeBuilder final : public YAML::EventHandler {
public:
  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { stop(mark, "aliases are not supported; repeat it"); }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(mark, "", anchor, Node::Kind::kNull); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!open_.empty() && open_.back()->kind == Node::Kind::kMap && !has_key_) return set_key(mark, anchor, value);
    Node& node = add(mark, tag, anchor, Node::Kind::kScalar);
    node.scalar = value;
    node.quoted = tag == "!";
    const bool null = value.empty() || value == "~" || value == "null";
    if (null && !node.quoted) node.kind = Node::Kind::kNull;
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    enter(add(mark, tag, anchor, Node::Kind::kList), mark);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    enter(add(mark, tag, anchor, Node::Kind::kMap), mark);
  }
  void OnMapEnd() override { open_.pop_back(); }

private:
  [[noreturn]] static void stop(const YAML::Mark& mark, std::string what) {
    throw Stop{mark.line + 1, std::move(what)};
  }

  void enter(Node& node, const YAML::Mark& mark) {
    if (open_.size() >= kMaxDepth) stop(mark, fmt::format("nested deeper than {} levels", kMaxDepth));
    open_.push_back(&node);
  }

  void set_key(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& key) {
    if (open_.back()->children.size() >= kMaxKeys) stop(mark, fmt::format("more than {} keys in one map", kMaxKeys));
    if (anchor != 0) stop(mark, "anchors are not supported; remove the &name");
    if (open_.back()->child(key) != nullptr) {
      stop(mark,
           fmt::format("{}: is there twice (first on line {}); remove one", key, open_.back()->child(key)->key_line));
    }
    key_ = key;
    key_line_ = mark.line + 1;
    has_key_ = true;
  }

  Node& add(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    if (anchor != 0) stop(mark, "anchors are not supported; remove the &name");
    if (!tag.empty() && tag != "!" && tag != "?") stop(mark, "tags are not supported; remove \"" + tag + "\"");
    if (++values_ > kMaxValues) stop(mark, fmt::format("more than {} values", kMaxValues));
    Node& node = place(mark);
    node.kind = kind;
    node.line = mark.line + 1;
    return node;
  }

  /// Where the next value goes. Parents stay where they are while their children are added: only the last child of a
  /// node is ever open.
  Node& place(const YAML::Mark& mark) {
    if (open_.empty()) return root_;
    Node& parent = *open_.back();
    const bool in_map = parent.kind == Node::Kind::kMap;
    if (in_map && !has_key_) stop(mark, "a key must be a plain text");
    Node& node = parent.children.emplace_back();
    if (in_map) {
      node.key = std::exchange(key_, {});
      node.key_line = key_line_;
      has_key_ = false;
    }
    return node;
  }

  Node root_;
  std::vector<Node*> open_;
  std::string key_;
  int key_line_ = 0;
  bool has_key_ = false;
  size_t values_ = 0;
};

Error at(std::string_view name, int line, const std::string& what) {
  return {Code::kInvalid, fmt::format("{}:{}: {}", name, line, what)};
}

Result<Node> read(std::string_view text, std::string_view name) {
  std::istringstream in{std::string(text)};
  try {
    TreeBuilder builder;
    YAML::Parser parser(in);
    parser.HandleNextDocument(builder);
    TreeBuilder second;
    if (parser.HandleNextDocument(second)) {
      return std::unexpected(at(name, second.take().line, "a second document begins; only one is read"));
    }
    return builder.take();
  } catch (const Stop& stop) {
    return std::unexpected(at(name, stop.line, stop.what));
  } catch (const YAML::Exception& error) {
    const int line = std::max(error.mark.line, 0) + 1;
    return std::unexpected(at(name, line, fmt::format("this is not YAML: {}", error.msg)));
  }
}

} // namespace

const Node* Node::child(std::string_view name) const {
  const auto found = std::ranges::find(children, name, &Node::key);
  return found == children.end() ? nullptr : &*found;
}

Result<Node> parse_document(std::string_view text, std::string_view name) {
  if (text.size() > kMaxText) return std::unexpected(at(name, 1, "the text is over 1 MiB"));
  if (const size_t zero = text.find('\0'); zero != text.npos) {
    const auto line = 1 + std::ranges::count(text.substr(0, zero), '\n');
    return std::unexpected(at(name, static_cast<int>(line), "there is a zero byte"));
  }
  auto root = read(text, name);
  if (!root) return root;
  if (root->kind == Node::Kind::kNull) root->kind = Node::Kind::kMap;
  if (root->kind != Node::Kind::kMap) return std::unexpected(at(name, root->line, "must be a map of keys to values"));
  return root;
}

} // namespace kairos::config
