#!/bin/sh
# Proves of examples/esp-websocket that beside two websockets, with a real
# client, the page can still be had from a device with three sockets.
. tests/examples/stage.sh
has /usr/bin/python3 python3
/usr/bin/python3 -c "import websockets" 2>/dev/null ||
	skip "python3-websockets is not installed"
device_at 192.168.1.50
standin esp-async 192.168.1.50:80
example esp-websocket/lamp.conf

cat >"$TMPDIR/client.py" <<-'END'
	import asyncio
	import urllib.request
	import websockets
	url = "ws://127.0.0.1:8080/ws"


	def page():
	    return urllib.request.urlopen("http://127.0.0.1:8080/", timeout=60)


	async def main():
	    async with websockets.connect(url) as one, websockets.connect(url) as two:
	        for socket in one, two:
	            await socket.send("hello")
	            assert await socket.recv() == "hello"
	        body = (await asyncio.to_thread(page)).read()
	        assert b"<html>" in body
	        await one.send("again")
	        assert await one.recv() == "again"


	asyncio.run(main())
END
/usr/bin/python3 "$TMPDIR/client.py" 2>"$TMPDIR/client.err" || fail "the client"
exit 0
