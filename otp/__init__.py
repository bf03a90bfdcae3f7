"""otp — Erlang/OTP's behaviours in Python, on Pykka actors that share one event loop.

The rooms: erts (processes, signals, timers), stdlib (the behaviours), kernel (applications, nodes, groups),
release (boot scripts). Nothing is re-exported here: `from otp.stdlib import gen_server`.
"""
