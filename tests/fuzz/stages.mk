FUZZERS += request proxy_header response modbus line
FUZZ_request := $(addprefix src/policy/,request.c request_head.c \
	request_filter.c field.c modbus.c)
FUZZ_proxy_header := src/policy/proxy_header.c src/base/addr.c
FUZZ_response := $(addprefix src/policy/,response.c response_chunks.c field.c)
FUZZ_modbus := src/policy/modbus.c
FUZZ_line := src/policy/line.c
