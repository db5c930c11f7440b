#!/bin/sh
# Proves of examples/behind-nginx that the device hears of nobody without the
# password and never of the password, and that nginx's stream module passes the
# client's address on.
. tests/examples/stage.sh
has nginx nginx-light
[ -f /usr/lib/nginx/modules/ngx_stream_module.so ] ||
	skip "libnginx-mod-stream is not installed"
device_at 192.168.1.10
tempdev_at 192.168.1.10:80
umask 0
example behind-nginx/greenhouse.conf
certificate /etc/nginx/greenhouse.pem
printf 'anna:%s\n' "$(openssl passwd -apr1 secret)" >/etc/nginx/greenhouse.users
start nginx nginx -c "$PWD/examples/behind-nginx/nginx.conf" \
	-g 'daemon off; error_log stderr; pid /run/nginx.pid;'
wait_for "nginx" listens 127.0.0.1:443

code=$(curl --silent --insecure -o "$TMPDIR/refused" -w '%{http_code}' \
	--max-time 60 https://127.0.0.1/)
[ "$code" = 401 ] || fail "without the password: $code"
page_from 127.0.0.2 https://127.0.0.1/ --user anna:secret
logged 1 'client=127.0.0.1:.* cause=done'
grep -q Authorization "$TMPDIR/device.out" && fail "the device sees the password"
page_from 127.0.0.3 https://127.0.0.1:8443/
logged 1 'client=127.0.0.3:.* cause=done'
exit 0
