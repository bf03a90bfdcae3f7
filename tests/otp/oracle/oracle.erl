%% oracle.erl - runs programs of supervision on a real Erlang node and writes down what happened.
%%
%% Usage: escript-free: erl -noshell -pa DIR -run oracle main PROGRAMS OUT
%% PROGRAMS is a file of Erlang terms {Nr, Tree, Steps} (tests/otp/oracle/programs.py makes them);
%% OUT gets one line of JSON for each. ours.py does the same on our own runtime, event for event.
-module(oracle).
-export([main/1, start_sup/3, start_worker/4, start_worker/5, init/1]).
-export([handle_call/3, handle_cast/2, handle_info/2, terminate/2]).
-behaviour(gen_server).
-define(QUIET, 60). %% ms without an event: the step is over
-define(BATCH, 250).

main([In, Out]) ->
    logger:set_primary_config(level, none),
    {ok, Programs} = file:consult(In),
    {ok, File} = file:open(Out, [write]),
    batches(Programs, File),
    file:close(File),
    halt(0).

batches([], _) -> ok;
batches(Programs, File) ->
    {Now, Later} = lists:split(min(?BATCH, length(Programs)), Programs),
    Self = self(),
    Pids = [spawn(fun() -> Self ! {self(), run(P)} end) || P <- Now],
    [receive {Pid, Line} -> io:put_chars(File, [Line, $\n]) end || Pid <- Pids],
    batches(Later, File).

%% --- one program

run({Nr, Tree, Steps}) ->
    process_flag(trap_exit, true),
    Me = self(),
    Col = spawn(fun() -> collect(#{events => [], pids => #{}, counts => #{}, mons => #{}}) end),
    Root = case start_tree(Col, Tree) of {ok, P} -> P; _ -> none end,
    settle(Col),
    Snap0 = snapshot(Col, Tree),
    {Results, Snaps} = lists:unzip([begin R = step(Col, S), settle(Col), {R, snapshot(Col, Tree)} end || S <- Steps]),
    Root =/= none andalso begin unlink(Root), exit(Root, shutdown) end,
    settle(Col),
    Col ! {report, Me},
    Events = receive {events, Es} -> Es end,
    exit(Col, kill),
    json([{"nr", Nr}, {"events", [tuple_to_list(E) || E <- Events]},
          {"results", Results}, {"snaps", [Snap0 | Snaps]}]).

start_tree(Col, {sup, Name, Flags, Children}) ->
    R = (catch supervisor:start_link(?MODULE, {sup, Col, Name, Flags, Children})),
    Col ! {event, {started, root, result(R)}},
    R.

collect(S = #{events := Es, pids := Pids, counts := Counts, mons := Mons}) ->
    receive
        {event, E} -> collect(S#{events := [E | Es]});
        {begin_, From, Pid, Id} ->
            N = maps:get(Id, Counts, 0) + 1,
            Ref = monitor(process, Pid),
            From ! {n, N},
            collect(S#{events := [{start, Id, N} | Es], counts := Counts#{Id => N},
                       pids := Pids#{Id => Pid}, mons := Mons#{Ref => Id}});
        {'DOWN', Ref, _, _, Reason} ->
            collect(S#{events := [{down, maps:get(Ref, Mons), show(Reason)} | Es]});
        {size, From} -> From ! {size, length(Es)}, collect(S);
        {pid, From, Id} -> From ! {pid, maps:get(Id, Pids, none)}, collect(S);
        {report, From} -> From ! {events, lists:reverse(Es)}, collect(S)
    end.

settle(Col) -> settle(Col, size_of(Col), ?QUIET div 10).
settle(_, _, 0) -> ok;
settle(Col, Size, Left) ->
    timer:sleep(10),
    case size_of(Col) of
        Size -> settle(Col, Size, Left - 1);
        Other -> settle(Col, Other, ?QUIET div 10)
    end.

size_of(Col) -> Col ! {size, self()}, receive {size, N} -> N end.
pid_of(Col, Id) -> Col ! {pid, self(), Id}, receive {pid, P} -> P end.

%% --- steps

step(Col, {exit, Id, Reason}) -> to_worker(Col, Id, {stop, Reason});
step(Col, {kill, Id}) -> with(Col, Id, fun(P) -> exit(P, kill), ok end);
step(Col, {signal, Id, Reason}) -> with(Col, Id, fun(P) -> exit(P, Reason), ok end);
step(Col, {link, A, B}) -> with(Col, B, fun(P) -> to_worker(Col, A, {link, P}) end);
step(Col, {monitor, A, B}) -> with(Col, B, fun(P) -> to_worker(Col, A, {monitor, P}) end);
step(Col, {terminate, Sup, Id}) -> on_sup(Col, Sup, fun(P) -> supervisor:terminate_child(P, Id) end);
step(Col, {restart, Sup, Id}) -> on_sup(Col, Sup, fun(P) -> supervisor:restart_child(P, Id) end);
step(Col, {delete, Sup, Id}) -> on_sup(Col, Sup, fun(P) -> supervisor:delete_child(P, Id) end);
step(Col, {add, Sup, Id}) -> on_sup(Col, Sup, fun(P) -> supervisor:start_child(P, [Id]) end).

with(Col, Id, Fun) ->
    case pid_of(Col, Id) of
        none -> <<"none">>;
        P -> case is_process_alive(P) of true -> result(Fun(P)); false -> <<"dead">> end
    end.
to_worker(Col, Id, Msg) -> with(Col, Id, fun(P) -> gen_server:cast(P, Msg), ok end).
on_sup(Col, Sup, Fun) -> with(Col, Sup, fun(P) -> try Fun(P) catch exit:_ -> {error, down} end end).

result({ok, _}) -> <<"ok">>;
result(ok) -> <<"ok">>;
result(B) when is_binary(B) -> B;
result({error, {already_started, _}}) -> <<"{error,already_started}">>;
result(R) -> show(R).

snapshot(Col, {sup, Name, {Strategy, _, _}, Children}) ->
    Below = lists:append([snapshot(Col, T) || {_, _, _, _, T = {sup, _, _, _}} <- Children]),
    [[Name, children(pid_of(Col, Name), Strategy)] | Below].

children(none, _) -> <<"dead">>;
children(Pid, Strategy) ->
    try supervisor:which_children(Pid) of
        L when Strategy =:= simple_one_for_one -> length([1 || {_, P, _, _} <- L, is_pid(P)]);
        L -> [[I, state(P)] || {I, P, _, _} <- lists:sort(L)]
    catch exit:_ -> <<"dead">> end.
state(P) when is_pid(P) -> alive;
state(A) -> A.

%% --- supervisors and workers

start_sup(Col, Name, {sup, Name, Flags, Children}) ->
    supervisor:start_link(?MODULE, {sup, Col, Name, Flags, Children}).

start_worker(Col, Id, Opts, Parent) -> gen_server:start_link(?MODULE, {worker, Col, Id, Opts, Parent}, []).
start_worker(Col, Prefix, Opts, Parent, Id) ->
    _ = Prefix,
    start_worker(Col, Id, Opts, Parent).

init({sup, Col, Name, {Strategy, Intensity, Auto}, Children}) ->
    Col ! {begin_, self(), self(), Name},
    receive {n, _} -> ok end,
    {ok, {#{strategy => Strategy, intensity => Intensity, period => 3600, auto_shutdown => Auto},
          [spec(Col, Name, C) || C <- Children]}};
init({worker, Col, Id, {Trap, End, Fails}, _}) ->
    Col ! {begin_, self(), self(), Id},
    N = receive {n, M} -> M end,
    case proplists:get_value(N, Fails) of
        stop -> {stop, nope};
        exit -> exit(nope);
        ignore -> ignore;
        undefined -> process_flag(trap_exit, Trap), {ok, {Col, Id, End}}
    end.

spec(Col, _, {Id, Restart, Shutdown, Significant, T = {sup, Id, _, _}}) ->
    #{id => Id, restart => Restart, shutdown => Shutdown, significant => Significant, type => supervisor,
      start => {?MODULE, start_sup, [Col, Id, T]}};
spec(Col, Sup, {Id, Restart, Shutdown, Significant, {worker, Opts}}) ->
    #{id => Id, restart => Restart, shutdown => Shutdown, significant => Significant,
      start => {?MODULE, start_worker, [Col, Id, Opts, Sup]}}.

handle_call(_, _, S) -> {reply, ok, S}.
handle_cast({stop, Reason}, S) -> {stop, Reason, S};
handle_cast({link, P}, S) -> catch link(P), {noreply, S};
handle_cast({monitor, P}, S) -> monitor(process, P), {noreply, S}.
handle_info({'EXIT', _, Reason}, S = {Col, Id, _}) -> Col ! {event, {got_exit, Id, show(Reason)}}, {noreply, S};
handle_info({'DOWN', _, _, _, Reason}, S = {Col, Id, _}) -> Col ! {event, {got_down, Id, show(Reason)}}, {noreply, S}.
terminate(Reason, {Col, Id, End}) ->
    Col ! {event, {terminate, Id, show(Reason)}},
    End =:= stuck andalso timer:sleep(infinity),
    ok.

%% --- words

show(Term) -> iolist_to_binary(io_lib:format("~w", [Term])).

json(L = [{K, _} | _]) when is_list(K) ->
    [${, lists:join($,, [[$", Key, $", $:, json(V)] || {Key, V} <- L]), $}];
json(L) when is_list(L) -> [$[, lists:join($,, [json(X) || X <- L]), $]];
json(N) when is_integer(N) -> integer_to_list(N);
json(B) when is_binary(B) -> [$", B, $"];
json(A) when is_atom(A) -> [$", atom_to_list(A), $"].
