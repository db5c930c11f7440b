FUZZERS += conf
FUZZ_conf := $(CONF_OBJS:.o=.c)
