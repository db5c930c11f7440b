$(eval $(call program,contrib/echod/echod,contrib/echod/echod.o \
	src/base/addr.o))
