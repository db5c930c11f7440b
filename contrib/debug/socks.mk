$(eval $(call program,contrib/debug/socks,contrib/debug/socks.o \
	src/base/addr.o))
