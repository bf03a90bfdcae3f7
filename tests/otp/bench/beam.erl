%% beam.erl - the work of bench_otp.py on a real BEAM: erl -noshell -run beam main N
-module(beam).
-behaviour(gen_server).
-export([main/1, init/1, handle_call/3, handle_cast/2, sleeper/0, start_worker/0]).

main([Text]) ->
    N = list_to_integer(Text),
    Ops = 200000,
    {ok, P} = gen_server:start_link(?MODULE, server, []),
    Cast = timed(Ops, fun() -> [gen_server:cast(P, x) || _ <- lists:seq(1, Ops)], gen_server:call(P, x, infinity) end),
    Call = timed(Ops, fun() -> [gen_server:call(P, x) || _ <- lists:seq(1, Ops)] end),
    logger:set_primary_config(level, none),
    {ok, Sup} = supervisor:start_link(?MODULE, sup),
    Restarts = 2000,
    Restart = timed(Restarts, fun() -> [restart(Sup) || _ <- lists:seq(1, Restarts)] end),
    garbage_collect(),
    Before = erlang:memory(processes),
    Self = self(),
    Spawn = timed(N, fun() -> Self ! {pids, [spawn(?MODULE, sleeper, []) || _ <- lists:seq(1, N)]} end),
    Bytes = (erlang:memory(processes) - Before) / N,
    Pids = receive {pids, L} -> L end,
    Send = timed(N, fun() -> [Pid ! {Self, x} || Pid <- Pids], [receive Pid -> ok end || Pid <- Pids] end),
    io:format("{\"cast\":~.3f,\"call\":~.3f,\"restart\":~.3f,\"spawn\":~.3f,\"send\":~.3f,\"kb\":~.3f}~n",
              [Cast, Call, Restart, Spawn, Send, Bytes / 1024]),
    halt(0).

timed(N, Fun) ->
    {A, _} = statistics(runtime), _ = A,
    T0 = erlang:monotonic_time(microsecond),
    Fun(),
    (erlang:monotonic_time(microsecond) - T0) / N.

restart(Sup) ->
    [{_, Pid, _, _}] = supervisor:which_children(Sup),
    Ref = monitor(process, Pid),
    exit(Pid, kill),
    receive {'DOWN', Ref, _, _, _} -> ok end,
    supervisor:which_children(Sup).

sleeper() -> receive {From, x} -> From ! self(), sleeper() end.
start_worker() -> gen_server:start_link(?MODULE, server, []).

init(server) -> {ok, 0};
init(sup) -> {ok, {#{intensity => 1000000, period => 1}, [#{id => w, start => {?MODULE, start_worker, []}}]}}.
handle_call(_, _, S) -> {reply, ok, S}.
handle_cast(_, S) -> {noreply, S + 1}.
