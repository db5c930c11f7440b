"""A Modbus/TCP unit of pymodbus that bears one connection, is silent to every
Nth request, and writes down every write: pymodbus_unit.py PORT N LOG.
Starts it itself: a device, with a ready line of its own."""
import asyncio
import sys

from pymodbus.datastore import (ModbusSequentialDataBlock, ModbusServerContext,
                                ModbusSlaveContext)
from pymodbus.server.async_io import (ModbusConnectedRequestHandler,
                                      ModbusTcpServer)

PORT, SILENT_EVERY, LOG = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


class Unit(ModbusConnectedRequestHandler):
    served = None
    requests = 0

    def connection_made(self, transport):
        super().connection_made(transport)
        if Unit.served:
            print("second connection", file=sys.stderr, flush=True)
            transport.abort()
        else:
            Unit.served = self

    def connection_lost(self, call_exc):
        if Unit.served is self:
            Unit.served = None
        super().connection_lost(call_exc)

    def execute(self, request, *addr):
        Unit.requests += 1
        if request.function_code == 6:
            with open(LOG, "a", encoding="ascii") as log:
                log.write(f"{request.address} {request.value}\n")
        if SILENT_EVERY and Unit.requests % SILENT_EVERY == 0:
            return
        super().execute(request, *addr)


async def main():
    block = ModbusSequentialDataBlock(1, list(range(1000)))
    context = ModbusServerContext(ModbusSlaveContext(hr=block), single=True)
    server = ModbusTcpServer(context, handler=Unit,
                             address=("127.0.0.1", PORT),
                             allow_reuse_address=True)
    serving = asyncio.ensure_future(server.serve_forever())
    await server.serving
    print("pymodbus: ready on %s:%d" % server.server.sockets[0].getsockname(),
          file=sys.stderr, flush=True)
    await serving


asyncio.run(main())
