FUZZERS += request proxy_header response
FUZZ_request := src/policy/request.c src/policy/field.c
FUZZ_proxy_header := src/policy/proxy_header.c src/base/addr.c
FUZZ_response := src/policy/response.c src/policy/field.c
