FUZZERS += request proxy_header response
FUZZ_request := $(addprefix src/policy/,request.c request_head.c \
	request_filter.c field.c)
FUZZ_proxy_header := src/policy/proxy_header.c src/base/addr.c
FUZZ_response := $(addprefix src/policy/,response.c response_chunks.c field.c)
