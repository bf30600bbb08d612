// clang-format off: bytes of the format
// The dictionary of format version 1. Any change to these bytes needs a new format version: old records would be lost.
#include "journal/codec.h"

namespace kairos::journal {

std::string_view dictionary() {
  return
    R"~(interrupted refused cancelled crash reservation hedge fallback counted estimated unknown embeddings responses )~"
    R"~(messages summarization extraction creative "filters":["capability"],"filtered_out_by":"capability" "filters":[)~"
    R"~("context","quality"],"filtered_out_by":"context" "filters":["quality"],"filtered_out_by":"quality" "filters":[)~"
    R"~("health"],"filtered_out_by":"health" "filters":["privacy"],"filtered_out_by":"privacy" "filters":["region"],"f)~"
    R"~(iltered_out_by":"region" budget_exceeded cost_guardrail_exceeded no_models_available "ended_by":"client" "ende)~"
    R"~(d_by":"timeout" "ended_by":"crash" "status":"interrupted" "basis":"reservation" cache_write_1h_tokens audio_in)~"
    R"~(put_tokens gpt-5-mini gpt-5-nano gpt-4.1-mini gpt-4o-mini claude-haiku-4-5 claude-opus-4-6 gemini-3-flash gemi)~"
    R"~(ni-2.5-flash-lite mistral-large deepseek-chat grok-4 llama-3.3-70b openai anthropic google mistral deepseek xa)~"
    R"~(i groq together fireworks bedrock azure {"schema":"kairosroute.receipt/1","receipt_id":"rcpt_01JKEZ4F9T8QX2M7R)~"
    R"~(A11111111","node_id":"node","created_at":"2026-04-24T13:07:42.318000Z","completed_at":"2026-04-24T13:07:43.010)~"
    R"~(000Z","tenant":"default","workflow":"default","api_key_id":"key_01","end_user":"user-7","tags":{"team":"legal")~"
    R"~(,"env":"production"},"trace":{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","pare)~"
    R"~(nt_span_id":"00f067aa0ba902b6","sampled":true},"request":{"endpoint":"chat_completions","model":"auto","pinned)~"
    R"~(":false,"stream":true,"input_tokens_est":4700,"max_output_tokens":1024,"has_tools":true,"has_images":false,"fi)~"
    R"~(ngerprint":"0f1e"},"classification":{"category":"reasoning","confidence":0.91,"probabilities":{"code":0.01,"re)~"
    R"~(asoning":0.91,"analysis":0.06,"extraction":0,"summarization":0,"creative":0,"chat":0.02,"other":0},"classifier)~"
    R"~(":"ngram-test"},"privacy":{"policy":"deny_training","detected":{"email":2},"dropped":1},"candidates":[{"model_)~"
    R"~(id":"claude-sonnet-4-6","provider":"anthropic","region":"us-east","score":0.88,"est_cost_usd":0.0142,"quality")~"
    R"~(:0.9,"est_latency_ms":720,"rank":1,"reasons":["in-budget"],"filters":[],"filtered_out_by":null},{"model_id":"g)~"
    R"~(emini-3-pro","provider":"google","region":"","score":0.8,"est_cost_usd":0.015,"quality":0.88,"est_latency_ms":)~"
    R"~(800,"rank":2,"reasons":[],"filters":[],"filtered_out_by":null},{"model_id":"gpt-5.4","provider":"openai","regi)~"
    R"~(on":"","score":null,"est_cost_usd":0.0214,"quality":0.93,"est_latency_ms":640,"rank":null,"reasons":[],"filter)~"
    R"~(s":["budget"],"filtered_out_by":"budget"}],"candidates_omitted":{"quality":4},"decision":{"model_id":"claude-s)~"
    R"~(onnet-4-6","provider":"anthropic","region":"us-east","strategy":"single","fallback_chain":["gemini-3-pro"],"pr)~"
    R"~(ompt_rewritten":true,"reason":"Sent to claude-sonnet-4-6: the cheapest of 2 models that clear the reasoning fl)~"
    R"~(oor of 0.85.","router_version":"0.1.0","policy_version":"v41","rewrite":{"rule":"trim","before_sha256":"0f","a)~"
    R"~(fter_sha256":"1e"}},"attempts":[{"index":0,"model_id":"claude-sonnet-4-6","provider":"anthropic","region":"us-)~"
    R"~(east","started_at":"2026-04-24T13:07:42.318840Z","ttft_ms":null,"latency_ms":41,"status":"error","http_status")~"
    R"~(:429,"error_type":"429","response_model":"","response_id":"","usage":{"input_tokens":0,"cache_read_tokens":0,")~"
    R"~(cache_write_tokens":0,"output_tokens":0,"reasoning_tokens":0,"source":"counted"},"cost_usd":0,"reason":"first")~"
    R"~(,"span_id":"00f067aa0ba902b7"},{"index":1,"model_id":"claude-sonnet-4-6","provider":"anthropic","region":"eu-w)~"
    R"~(est","started_at":"2026-04-24T13:07:42.318840Z","ttft_ms":214,"latency_ms":650,"status":"success","http_status)~"
    R"~(":200,"error_type":"","response_model":"claude-sonnet-4-6-20260218","response_id":"msg_01","usage":{"input_tok)~"
    R"~(ens":4080,"cache_read_tokens":674,"cache_write_tokens":0,"output_tokens":44,"reasoning_tokens":0,"source":"pro)~"
    R"~(vider"},"cost_usd":0.0131022,"reason":"retry","span_id":"00f067aa0ba902b8"}],"usage":{"input_tokens":4080,"cac)~"
    R"~(he_read_tokens":674,"cache_write_tokens":0,"output_tokens":44,"reasoning_tokens":0,"source":"provider"},"cost")~"
    R"~(:{"lines":[{"attempt":1,"meter":"input_tokens","quantity":4080,"unit_price_usd_per_mtok":3,"cost_usd":0.01224})~"
    R"~(,{"attempt":1,"meter":"cache_read_tokens","quantity":674,"unit_price_usd_per_mtok":0.3,"cost_usd":0.0002022},{)~"
    R"~("attempt":1,"meter":"output_tokens","quantity":44,"unit_price_usd_per_mtok":15,"cost_usd":0.00066}],"price_ver)~"
    R"~(sion":"2026-04-18","basis":"metered","total_usd":0.0131022,"charged_usd":0.01572264},"execution":{"actual_cost)~"
    R"~(_usd":0.0131022,"actual_latency_ms":692,"status":"success","model_id":"claude-sonnet-4-6","provider":"anthropi)~"
    R"~(c","region":"eu-west","ttft_ms":255,"overhead_us":890,"finish_reason":"stop","http_status":200,"ended_by":"pro)~"
    R"~(vider"},"cache":{"hit":false,"kind":"","avoided_cost_usd":null,"source_receipt_id":""},"budget":{"id":"monthly)~"
    R"~(","state":"ok","reserved_usd":0.02,"cap_usd":1,"spent_before_usd":0.5,"overrun_usd":0},"budget_charges":[{"bud)~"
    R"~(get_id":"monthly","period":"2026-04","amount_usd":0.0131022}],"savings":{"baseline_model_id":"gpt-5.4","baseli)~"
    R"~(ne_cost_usd":0.0214,"savings_usd":0.0082978},"replay":{"of":"rcpt_01JKEZ4F9T8QX2M7RA00000000","content":"store)~"
    R"~(d"}})~";
}

} // namespace kairos::journal
