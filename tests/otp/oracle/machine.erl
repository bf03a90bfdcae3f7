%% machine: runs random gen_statem programs on a real node and writes what each machine saw, a line of JSON each.
%% A program is {StateEnter, #{Id => {Result, Actions}}, Casts}: an event Id, when it is first seen, is answered so;
%% the second time it is only noted.
-module(machine).
-behaviour(gen_statem).
-export([main/1, callback_mode/0, init/1, handle_event/4]).

callback_mode() ->
    case persistent_term:get(?MODULE) of
        true -> [handle_event_function, state_enter];
        false -> handle_event_function
    end.

init(Table) ->
    {ok, a, {Table, []}}.

handle_event(enter, Old, State, {Table, Log}) ->
    {keep_state, {Table, [{enter, Old, State} | Log]}};
handle_event(Type, Id, State, {Table, Log}) ->
    Data = {Table, [{name(Type), Id, State} | Log]},
    Known = [X || {_, X, _} <- Log, X =:= Id],
    case maps:find(Id, Table) of
        {ok, {Result, Actions}} when Known =:= [] -> answer(Result, Data, Actions);
        _ -> {keep_state, Data}
    end.

name({timeout, Name}) -> Name;
name(Type) -> Type.

answer(keep, Data, Actions) -> {keep_state, Data, Actions};
answer(repeat, Data, Actions) -> {repeat_state, Data, Actions};
answer(State, Data, Actions) -> {next_state, State, Data, Actions}.

main([Programs, Out]) ->
    logger:set_primary_config(level, none),
    {ok, Terms} = file:consult(Programs),
    ok = file:write_file(Out, [run(Term) || Term <- Terms]),
    halt(0).

run({Enter, Table, Casts}) ->
    persistent_term:put(?MODULE, Enter),
    {ok, Pid} = gen_statem:start(?MODULE, Table, []),
    ok = sys:suspend(Pid),
    [gen_statem:cast(Pid, Id) || Id <- Casts],
    ok = sys:resume(Pid),
    {_, {_, Log}} = sys:get_state(Pid),
    ok = gen_statem:stop(Pid),
    ["[", lists:join(",", [entry(Entry) || Entry <- lists:reverse(Log)]), "]\n"].

entry({Type, Event, State}) ->
    io_lib:format("[\"~p\",\"~p\",\"~p\"]", [Type, Event, State]).
