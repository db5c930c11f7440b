# What the keeper shows, from the facts to each view, and who may ask.
$(eval $(call unit_test,control_words_test,src/keeper/control_words.o \
	src/base/addr.o))
