FUZZERS += gate pphdr rephead
FUZZ_gate := src/proxy/gate.c src/proxy/field.c
FUZZ_pphdr := src/proxy/pphdr.c src/base/addr.c
FUZZ_rephead := src/proxy/rephead.c src/proxy/field.c
