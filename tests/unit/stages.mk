# The pure stages of the proxy, each alone with its model or its table.
$(eval $(call unit_test,gate,src/proxy/gate.o src/proxy/field.o))
