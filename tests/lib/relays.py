"""Other relays, for comparisons: the command that starts each of them before a
device, on a port that was free a moment ago, for most say nothing when ready.
"""
import os
import socket
import sys

from sallyport import write

MANY = 9000  # connections that each is allowed
SOCKET_PROXYD = "/lib/systemd/systemd-socket-proxyd"
HAPROXY = """
global
    nbthread {threads}
    maxconn {many}
defaults
    mode tcp
    timeout connect {connect}
    timeout client {idle}
    timeout server {idle}
listen relay
    bind {listen} backlog 4096
    server device {device}
"""
NGINX = """
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
master_process {master};
worker_processes 1;
user root;
pid {where}/nginx.pid;
error_log stderr crit;
worker_rlimit_nofile 20000;
events {{ worker_connections 20000; }}
stream {{
    server {{
        listen {listen} backlog=4096;
        proxy_pass {device};
        proxy_half_close {half_close};
    }}
}}
"""
# As a service manager hands the listening socket over. (SIGPIPE is ignored, as
# service managers have it, for Python does.)
ACTIVATE = """
import os, socket, sys
s = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
s.setblocking(False)
if s.fileno() != 3:
    os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def free_address():
    return "127.0.0.1:%d" % free_port()


def haproxy(where, listen, device, threads=1, connect="5s", idle="10m"):
    conf = HAPROXY.format(many=MANY, **locals())
    return ["haproxy", "-q", "-f", write(where + "/haproxy.conf", conf)]


def nginx(where, listen, device, master="on", half_close="off"):
    conf = NGINX.format(**locals())
    return ["nginx", "-p", where, "-e", "stderr", "-c",
            write(where + "/nginx.conf", conf)]


def socket_proxyd(listen, device, *more):
    return [os.path.realpath(sys.executable), "-S", "-E", "-c", ACTIVATE,
            listen.rsplit(":", 1)[1], SOCKET_PROXYD, *more, device]
