#!/usr/bin/env python3
"""Proves of examples/behind-nginx that the device hears of nobody without the
password and never of the password, and that nginx's stream module passes the
client's address on."""
import os

from stage import Example, certificate, code_of, listens, needs, page_from, run
from stage import skip, tempdev
from sallyport import Program, until, write

needs("nginx")
if not os.path.exists("/usr/lib/nginx/modules/ngx_stream_module.so"):
    skip("libnginx-mod-stream is not installed")
device = tempdev()
proxy = Example("behind-nginx/greenhouse.conf", umask=0)
certificate("/etc/nginx/greenhouse.pem")
write("/etc/nginx/greenhouse.users",
      "anna:" + run("openssl", "passwd", "-apr1", "secret").strip())
nginx = Program("nginx", "-c", os.path.abspath(
    "examples/behind-nginx/nginx.conf"), "-g",
    "daemon off; error_log stderr; pid /run/nginx.pid;")
until("nginx listens", lambda: listens(443))

assert code_of("https://127.0.0.1/") == "401"
page_from("127.0.0.2", "https://127.0.0.1/", "--user", "anna:secret")
proxy.logged(1, "client=127.0.0.1:.* cause=done")
page_from("127.0.0.3", "https://127.0.0.1:8443/")
proxy.logged(1, "client=127.0.0.3:.* cause=done")
device.process.kill()
assert b"Authorization" not in device.process.stdout.read()
