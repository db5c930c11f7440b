# The pure stages of the proxy, each alone with its model or its table.
$(eval $(call unit_test,gate,src/proxy/gate.o src/proxy/field.o))
$(eval $(call unit_test,source,src/proxy/source.o src/base/addr.o))
$(eval $(call unit_test,queue,src/proxy/queue.o))
$(eval $(call unit_test,device,src/proxy/device.o))
$(eval $(call unit_test,rephead,src/proxy/rephead.o src/proxy/field.o))
$(eval $(call unit_test,admit,src/proxy/admit.o src/base/addr.o))
$(eval $(call unit_test,reply,src/proxy/reply.o src/proxy/rephead.o src/proxy/field.o))
$(eval $(call unit_test,pphdr,src/proxy/pphdr.o src/base/addr.o))
