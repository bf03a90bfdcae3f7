%% server.erl - runs random gen_server programs on a real Erlang node and writes down what happened.
%%
%% Usage: erl -noshell +S 1 -pa DIR -run server main PROGRAMS OUT
%% PROGRAMS is a file of Erlang terms (servers.py makes them and says what they mean); OUT gets one line of JSON
%% for each. our_servers.py does the same on our own runtime, word for word.
-module(server).
-behaviour(gen_server).
-export([main/1, init/1, handle_call/3, handle_cast/2, handle_info/2, handle_continue/2, terminate/2, code_change/3]).
-define(SHORT, 5). %% ms: is waited for
-define(LONG, 600000). %% ms: never comes
-define(QUIET, 30). %% ms at the end, in which nothing may come any more
-define(BATCH, 250).
-define(HUNG, 30000). %% ms after which a program has come to no end

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
    Pids = [spawn(fun() -> Self ! {self(), try run(P) catch C:R:S -> failed(C, R, S) end} end) || P <- Now],
    [receive {Pid, Line} -> io:put_chars(File, [Line, $\n])
     after ?HUNG -> io:put_chars(File, "{\"hung\":[\"it\"]}\n")
     end || Pid <- Pids],
    batches(Later, File).

failed(Class, Reason, Stack) ->
    io_lib:format("{\"failed\":[~p]}", [lists:flatten(io_lib:format("~0p", [{Class, Reason, Stack}]))]).

%% --- one program. In its table: {Number, Channel, Text} of what was noted, and {Key, Value} of what is known

run({Nr, {Link, Named, Trap, _}, Inits, Table, {Timeouts, Exits, Downs, Terminate, Change}, Steps}) ->
    process_flag(trap_exit, true),
    Tab = ets:new(?MODULE, [public, ordered_set]),
    Peer = spawn(fun() -> process_flag(trap_exit, true), peer(Tab) end),
    {ok, Callee} = gen_server:start(?MODULE, callee, []),
    ets:insert(Tab, [{armed, false}, {suspended, false}, {timeouts, Timeouts}, {exits, Exits},
                     {downs, Downs}, {inits, Inits},
                     {server, spawn(fun() -> ok end)}, {end_, none}]),
    C = #{tab => Tab, link => Link, trap => Trap, peer => Peer, callee => Callee, parent => self(),
          name => case Named of true -> list_to_atom("server" ++ integer_to_list(Nr)); false -> none end,
          table => maps:from_list(Table), terminate => Terminate, change => Change},
    start(C),
    settle(C),
    [begin step(S, C), settle(C) end || S <- Steps],
    timer:sleep(?QUIET),
    settle(C),
    finish(C),
    [exit(P, kill) || P <- [Peer, Callee]],
    json(Tab).

note(#{tab := Tab}, Channel, Term) -> note(Tab, Channel, Term);
note(Tab, Channel, Term) -> ets:insert(Tab, {erlang:unique_integer([monotonic, positive]), Channel, Term}).
get(Key, #{tab := Tab}) -> ets:lookup_element(Tab, Key, 2).
set(Key, Value, #{tab := Tab}) -> ets:insert(Tab, {Key, Value}).
pop(Key, Default, C) ->
    case get(Key, C) of
        [] -> Default;
        [First | Rest] -> set(Key, Rest, C), First
    end.

start(C = #{link := Link, name := Name}) ->
    Init = pop(inits, {ok, none}, C),
    [set(Flag, false, C) || Flag <- [armed, suspended, watched]],
    Args = [?MODULE, {C, Init}, case Init of {hang} -> [{timeout, 20}]; _ -> [] end],
    How = case Link of true -> start_link; false -> start end,
    Result = apply(gen_server, How, case Name of none -> Args; _ -> [{local, Name} | Args] end),
    case Result of % it runs no further before it is monitored
        {ok, Pid} -> set(server, Pid, C), set(end_, monitor(process, Pid), C), set(watched, true, C), note(C, starts, ok);
        ignore -> note(C, starts, ignore);
        {error, {already_started, _}} -> note(C, starts, already_started);
        {error, Reason} -> gone(Name), note(C, starts, {error, show(Reason)})
    end.

%% who is killed because its init takes too long bears its name a moment longer
gone(Name) ->
    case whereis(Name) of
        undefined -> ok;
        _ -> timer:sleep(1), gone(Name)
    end.

%% the step is over when the server has handled all (nothing happened between two answers of it), and the time-out that it waits for has come
settle(C) -> settle(C, -1).
settle(C = #{tab := Tab}, Before) ->
    case get(end_, C) of
        none -> ok;
        Ref ->
            Server = get(server, C),
            try {sys:get_state(Server, infinity), ets:info(Tab, size)} of
                {_, Size} when Size =/= Before -> settle(C, Size);
                _ -> case {get(armed, C), get(suspended, C)} of
                         {false, _} -> ok;
                         {true, true} -> timer:sleep(2 * ?SHORT);
                         {true, false} -> until(C, 10000), settle(C, -1)
                     end
            catch
                exit:_ -> receive {'DOWN', Ref, _, _, Reason} -> set(end_, none, C), note(C, ends, show(Reason)) end
            end
    end.

until(C, 0) -> set(armed, false, C), note(C, server, time_out_lost);
until(C, Left) ->
    case get(armed, C) andalso is_process_alive(get(server, C)) of
        true -> timer:sleep(1), until(C, Left - 1);
        false -> ok
    end.

finish(C) ->
    case get(end_, C) of
        none -> ok;
        _ -> step({stop, normal}, C), settle(C)
    end,
    timer:sleep(1),
    [note(C, alive, whereis(Name) =/= undefined) || #{name := Name} <- [C], Name =/= none],
    [note(C, {answer, Slot}, answer(gen:receive_response(Id, 10000))) || {{request, Slot}, Id} <- ets:tab2list(maps:get(tab, C))],
    heard(C),
    sync(C).

heard(C) ->
    receive
        {'EXIT', _, Reason} -> note(C, heard, show(Reason)), heard(C);
        {[alias | _], _} -> heard(C); % a second answer to a request that is looked at late
        Other -> note(C, strays, element(1, Other)), heard(C)
    after 0 -> ok
    end.

%% --- steps

step({burst, Messages}, C) ->
    Server = get(server, C),
    Held = (catch erlang:suspend_process(Server)),
    [send(M, Server, C) || M <- Messages],
    Held =:= true andalso (catch erlang:resume_process(Server));
step({call, Id, How, Slot}, C) ->
    Server = get(server, C),
    helped(fun() -> note(C, {answer, Slot}, asked(fun() -> call(Server, Id, How) end)) end);
step({stop, Reason}, C) ->
    Server = get(server, C),
    helped(fun() -> note(C, results, asked(fun() -> gen_server:stop(Server, Reason, infinity) end)) end);
step({peer, What, Reason}, C = #{peer := Peer}) ->
    Ref = monitor(process, Peer),
    Peer ! {What, get(server, C), Reason, self()},
    receive
        {Peer, done} -> demonitor(Ref, [flush]);
        {'DOWN', Ref, _, _, _} -> ok
    end;
step({poll, Id, Count}, C) ->
    Server = get(server, C),
    gen_server:cast(Server, Id),
    [begin catch sys:get_state(Server, infinity), timer:sleep(2) end || _ <- lists:seq(1, Count)];
step({no_debug}, C) ->
    Server = get(server, C),
    helped(fun() -> note(C, results, asked(fun() -> sys:no_debug(Server, infinity) end)) end);
step({start}, C) ->
    case get(end_, C) of
        none -> start(C);
        _ when map_get(name, C) =/= none -> start_again(C);
        _ -> ok
    end.

%% a name is taken: init does not run
start_again(C = #{name := Name}) ->
    {error, {already_started, _}} = gen_server:start({local, Name}, ?MODULE, callee, []),
    note(C, starts, already_started).

helped(Fun) ->
    {Pid, Ref} = spawn_monitor(Fun),
    receive {'DOWN', Ref, _, Pid, _} -> ok end.

call(Server, Id, short) -> gen_server:call(Server, Id, patience(Server));
call(Server, Id, late) ->
    try gen_server:call(Server, {late, Id}, patience(Server))
    catch exit:{timeout, _} = Why -> Server ! go, exit(Why)
    end.

%% a dead one answers for certain, if not soon
patience(Server) -> case is_process_alive(Server) of true -> ?SHORT; false -> ?LONG end.

asked(Fun) ->
    Result = try Fun() catch exit:Why -> {exit, show(Why)} end,
    receive _ -> {Result, and_a_stray_message} after 0 -> Result end.

sync(C) -> step({peer, sync, none}, C).

send({cast, Id}, Server, _) -> gen_server:cast(Server, Id);
send({info, Id}, Server, _) -> Server ! {info, Id};
send({exit, Reason}, Server, _) -> is_pid(Server) andalso exit(Server, Reason);
send({call, Id, Slot}, Server, C) -> set({request, Slot}, gen:send_request(Server, '$gen_call', Id), C);
send({sys, Op, Slot}, Server, C) ->
    is_process_alive(Server) andalso lists:member(Op, [suspend, resume]) andalso set(suspended, Op =:= suspend, C),
    set({request, Slot}, gen:send_request(Server, system, request(Op, C)), C).

request(get_state, _) -> get_state;
request(replace_state, _) -> {replace_state, fun({N, Saved, C}) -> {N + 1000, Saved, C} end};
request(bad_replace, _) -> {replace_state, fun(_) -> error(oops) end};
request(get_status, _) -> get_status;
request(code_change, _) -> {change_code, ?MODULE, old, extra};
request(install, C) -> {debug, {install, {counter, fun(Left, Event, _) -> seen(Left, Event, C) end, 3}}};
request(remove, _) -> {debug, {remove, counter}};
request(Op, _) -> Op.

seen(Left, {in, Message}, C) ->
    note(C, debug, message(Message)),
    case Left of 1 -> done; _ -> Left - 1 end;
seen(Left, _, _) -> Left.

message({'$gen_cast', Id}) -> {cast, Id};
message({'$gen_call', _, Id}) -> {call, Id};
message({'EXIT', _, Reason}) -> {exit, show(Reason)};
message({'DOWN', _, _, _, Reason}) -> {down, show(Reason)};
message(Other) -> Other.

answer({reply, Reply}) -> reply(Reply);
answer({error, {Reason, _}}) -> {exit, show(Reason)};
answer(timeout) -> timeout.

reply({N, _, _}) -> N;
reply({ok, {N, _, _}}) -> N;
reply({error, _}) -> error;
reply({status, _, {module, gen_server}, [_, State, _, _, _]}) -> State;
reply(Reply) -> Reply.

%% --- the server

init(callee) -> {ok, callee};
init({_, {hang}}) -> timer:sleep(infinity);
init({C = #{trap := Trap}, Answer}) ->
    process_flag(trap_exit, Trap),
    note(C, server, init),
    init(Answer, C).

init({ok, Action}, C) -> arm(Action, C), put_action({ok, {0, [], C}}, Action);
init({stop, Reason}, _) -> {stop, Reason};
init({ignore}, _) -> ignore;
init({exit, Reason}, _) -> exit(Reason);
init({error}, _) -> error(oops);
init({bad}, _) -> nonsense;
init({throw, Answer}, C) -> throw(init(Answer, C)).

handle_call(answer, _, callee) -> {reply, yes, callee};
handle_call(die, _, callee) -> exit(boom);
handle_call(silent, _, callee) -> {noreply, callee};
handle_call(stop, _, callee) -> {stop, normal, callee};
handle_call({late, Id}, From, State) -> receive go -> handle_call(Id, From, State) end;
handle_call(Id, From, State = {_, _, C}) -> handle(call, Id, maps:get(Id, maps:get(table, C)), From, State).
handle_cast(Id, State = {_, _, C}) -> handle(cast, Id, maps:get(Id, maps:get(table, C)), none, State).
handle_continue(Id, State = {_, _, C}) -> handle(continue, Id, maps:get(Id, maps:get(table, C)), none, State).
handle_info({info, Id}, State = {_, _, C}) -> handle(info, Id, maps:get(Id, maps:get(table, C)), none, State);
handle_info(timeout, State = {_, _, C}) -> handle(info, timeout, pop(timeouts, {[], {noreply, none}}, C), none, State);
handle_info({'EXIT', From, Reason}, State = {_, _, C}) ->
    handle(exit, {who(From, C), show(Reason)}, pop(exits, {[], {noreply, none}}, C), none, State);
handle_info({'DOWN', _, _, From, Reason}, State = {_, _, C}) ->
    handle(down, {who(From, C), show(Reason)}, pop(downs, {[], {noreply, none}}, C), none, State);
handle_info(_, State) -> handle(stray, none, {[], {noreply, none}}, none, State).

who(Pid, #{peer := Pid}) -> peer;
who(Pid, #{parent := Pid}) -> parent;
who(Pid, _) when Pid =:= self() -> self.

handle(Kind, Id, {Effects, Answer}, From, {N, Saved, C}) ->
    watched(C),
    set(armed, false, C),
    note(C, server, {Kind, Id, N}),
    return(Answer, From, {N + 1, effects(Effects, From, Saved, C), C}).

watched(C) ->
    case get(watched, C) of
        true -> ok;
        false -> timer:sleep(1), watched(C)
    end.

return({throw, Answer}, From, State) -> throw(return(Answer, From, State));
return({noreply, Action}, _, State = {_, _, C}) -> arm(Action, C), put_action({noreply, State}, Action);
return({reply, Action}, _, State = {N, _, C}) -> arm(Action, C), put_action({reply, N, State}, Action);
return({stop, Reason}, _, State) -> {stop, Reason, State};
return({stop_reply, Reason}, _, State) -> {stop, Reason, bye, State};
return({exit, Reason}, _, _) -> exit(Reason);
return({error}, _, _) -> error(oops);
return({bad}, _, _) -> nonsense.

arm(Action, C) -> set(armed, Action =:= zero orelse Action =:= short, C).
put_action(Tuple, none) -> Tuple;
put_action(Tuple, zero) -> erlang:append_element(Tuple, 0);
put_action(Tuple, short) -> erlang:append_element(Tuple, ?SHORT);
put_action(Tuple, long) -> erlang:append_element(Tuple, ?LONG);
put_action(Tuple, Action) -> erlang:append_element(Tuple, Action).

effects([], _, Saved, _) -> Saved;
effects([Effect | Rest], From, Saved, C) -> effects(Rest, From, effect(Effect, From, Saved, C), C).

effect({keep}, From, Saved, _) -> Saved ++ [From];
effect({answer}, _, [First | Saved], _) -> gen_server:reply(First, answered), Saved;
effect(Effect, From, Saved, C) -> do(Effect, From, C), Saved.

do({note}, _, C) -> note(C, server, note);
do({answer}, _, _) -> ok;
do({twice}, From, _) -> gen_server:reply(From, first);
do({send, Id}, _, _) -> self() ! {info, Id};
do({cast, Id}, _, _) -> gen_server:cast(self(), Id);
do({trap, Flag}, _, C) -> note(C, server, {trap, process_flag(trap_exit, Flag)});
do({link}, _, C = #{peer := Peer}) ->
    {trap_exit, Trap} = process_info(self(), trap_exit),
    case Trap andalso not is_process_alive(Peer) of
        true -> note(C, server, too_late); % nobody promises when the signal comes
        false -> note(C, server, {link, try link(Peer) catch error:noproc -> noproc end})
    end;
do({unlink}, _, #{peer := Peer}) -> unlink(Peer);
do({unlink_parent}, _, #{parent := Parent}) -> unlink(Parent);
do({monitor}, _, C = #{peer := Peer}) ->
    case is_process_alive(Peer) of
        true -> put(monitor, monitor(process, Peer));
        false -> note(C, server, too_late)
    end;
do({demonitor}, _, _) -> case erase(monitor) of undefined -> ok; Ref -> demonitor(Ref, [flush]) end;
do({exit_self, Reason}, _, C) -> exit(self(), Reason), signals(), note(C, server, after_exit);
do({ask, What, true}, _, C) ->
    Result = try ask(What, C) catch exit:Why -> {exit, show(Why)} end,
    note(C, server, {asked, What, Result});
do({ask, What, false}, _, C) -> note(C, server, {asked, What, ask(What, C)}).

%% what is on its way to this process is here now: Erlang does not say when it would be
signals() -> {message_queue_len, _} = process_info(self(), message_queue_len), true.

ask(itself, _) -> gen_server:call(self(), itself);
ask(silent, #{callee := Callee}) -> gen_server:call(Callee, silent, patience(Callee));
ask(What, #{callee := Callee}) -> gen_server:call(Callee, What).

terminate(_, callee) -> ok;
terminate(Reason, {N, Saved, C = #{terminate := {Effects, Answer}}}) ->
    set(armed, false, C),
    note(C, server, {terminate, show(Reason), N}),
    effects(Effects, none, Saved, C),
    case Answer of
        {ok} -> ok;
        {exit, Worse} -> exit(Worse);
        {error} -> error(oops);
        {throw} -> throw(away)
    end.

code_change(Old, {N, Saved, C = #{change := Change}}, Extra) ->
    note(C, server, {code_change, Old, Extra, N}),
    case Change of
        ok -> {ok, {N + 100, Saved, C}};
        error -> {error, cannot};
        crash -> error(oops)
    end.

%% --- another process, that traps exits

peer(Tab) ->
    receive
        {exit, _, Reason, _} -> exit(Reason);
        {link, Server, _, From} when is_pid(Server) -> link(Server), done(From);
        {unlink, Server, _, From} when is_pid(Server) -> unlink(Server), done(From);
        {_, _, _, From} -> done(From);
        {'EXIT', _, Reason} -> note(Tab, peer, show(Reason))
    end,
    peer(Tab).

done(From) -> From ! {self(), done}.

%% --- words

show({bad_return_value, _}) -> bad_return_value;
show({Why, {Module, call, [_, Request | _]}}) when Module =:= gen_server; Module =:= gen -> {show(Why), call, Request};
show({Why, {sys, terminate, _}}) -> show(Why);
show({Why, {gen_server, stop, _}}) -> show(Why);
show({Why, {sys, _, _}}) -> show(Why);
show({Why, [_ | _]}) -> {crash, Why};
show(Reason) -> Reason.

json(Tab) ->
    Channels = lists:foldl(fun({_, Channel, Term}, Map) -> Map#{Channel => [Term | maps:get(Channel, Map, [])]};
                              (_, Map) -> Map end, #{}, lists:reverse(ets:tab2list(Tab))),
    Lines = [io_lib:format("\"~w\":[~s]", [Channel, lists:join($,, [io_lib:format("\"~w\"", [T]) || T <- Terms])])
             || {Channel, Terms} <- lists:sort(maps:to_list(Channels))],
    [${, lists:join($,, Lines), $}].
