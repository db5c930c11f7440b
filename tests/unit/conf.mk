# Unit tests of addresses, numbers and settings.
$(eval $(call unit_test,addr_test,src/base/addr.o))
$(eval $(call unit_test,scan_test,src/base/scan.o))
$(eval $(call unit_test,option_table_test,$(CONF_OBJS)))
$(eval $(call unit_test,faults_test,$(CONF_OBJS)))
$(eval $(call unit_test,slips_test,$(CONF_OBJS)))
$(eval $(call unit_test,conf_check_test,$(CONF_OBJS)))
