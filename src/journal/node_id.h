// The id of the node that writes a journal: kept in the file `node` and in each segment's header. Internal to the
// journal.
#pragma once

#include <string>

#include "base/result.h"
#include "journal/file_system.h"

namespace kairos::journal {

/// `wanted` (empty: any), the file's and `in_segments` (empty: no segment) must agree; the file is made if it is
/// missing.
Result<std::string> settle_node_id(FileSystem& files, const std::string& data_dir, const std::string& wanted,
                                   const std::string& in_segments);

} // namespace kairos::journal
