"""stdlib — the behaviours: gen_server, gen_statem, gen_fsm, supervisor; tables; looking inside."""
