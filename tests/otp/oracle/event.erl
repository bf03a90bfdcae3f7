%% event: runs random gen_event programs on a real node and writes each one's diary, a line of Erlang term each.
%% A handler is {event, N} and does what an event says: ok, remove, crash, bad, {swap, M, How}.
-module(event).
-behaviour(gen_event).
-export([main/1, init/1, handle_event/2, handle_call/2, handle_info/2, terminate/2]).

note(Entry) -> ets:insert(?MODULE, {erlang:unique_integer([monotonic]), Entry}).

init({{N, How}, Left}) -> note({init, N, How, left(Left)}), start(N, How);
init({N, How}) -> note({init, N, How}), start(N, How).

start(N, ok) -> {ok, N};
start(_, refuse) -> {error, full};
start(_, crash) -> exit(boom).

left({done, N}) -> {done, N};
left(error) -> error.

handle_event({Whom, What}, N) when Whom =:= N; Whom =:= all -> note({event, N, word(What)}), act(What, N);
handle_event(_, N) -> note({event, N, other}), {ok, N}.

handle_call(What, N) ->
    note({call, N, word(What)}),
    case act(What, N) of
        {ok, N} -> {ok, {reply, N}, N};
        remove_handler -> {remove_handler, bye};
        {swap_handler, Why, N, New, Args} -> {swap_handler, swapped, Why, N, New, Args};
        Bad -> Bad
    end.

handle_info(_, N) -> {ok, N}.

terminate(Why, N) -> note({term, N, why(Why)}), {done, N}.

act(ok, N) -> {ok, N};
act(remove, _) -> remove_handler;
act(crash, _) -> exit(boom);
act(bad, _) -> bad;
act({swap, M, How}, N) -> {swap_handler, why, N, {?MODULE, M}, {M, How}}.

word({swap, _, _}) -> swap;
word(Word) -> Word.

why({error, {'EXIT', boom}}) -> crashed;
why({error, _}) -> answered_badly;
why(Why) -> Why.

main([Programs, Out]) ->
    logger:set_primary_config(level, none),
    {ok, Terms} = file:consult(Programs),
    ok = file:write_file(Out, [run(Term) || Term <- Terms]),
    halt(0).

run(Steps) ->
    ets:new(?MODULE, [public, named_table, ordered_set]),
    {ok, Pid} = gen_event:start(),
    lists:foreach(fun(Step) -> note({result, result(catch step(Pid, Step))}), sys:get_state(Pid), heard() end, Steps),
    note({result, result(gen_event:which_handlers(Pid))}),
    gen_event:stop(Pid),
    heard(),
    Diary = [Entry || {_, Entry} <- ets:tab2list(?MODULE)],
    ets:delete(?MODULE),
    io_lib:format("~0p~n", [Diary]).

heard() ->
    receive
        {gen_event_EXIT, {?MODULE, N}, Reason} -> note({exit, N, reason(Reason)}), heard()
    after 0 -> ok
    end.

reason({swapped, {?MODULE, N}, _}) -> {swapped, N};
reason({'EXIT', boom}) -> crashed;
reason(Reason) when Reason =:= normal; Reason =:= shutdown; Reason =:= crash -> Reason;
reason(_) -> answered_badly.

result(Handlers) when is_list(Handlers) -> [N || {?MODULE, N} <- Handlers];
result({'EXIT', boom}) -> crashed;
result({error, {'EXIT', boom}}) -> crashed;
result({error, {error, Reason}}) -> {error, Reason};
result({error, bad}) -> answered_badly;
result(Result) -> Result.

step(Pid, {add, N, How}) -> gen_event:add_handler(Pid, {?MODULE, N}, {N, How});
step(Pid, {sup, N, How}) -> gen_event:add_sup_handler(Pid, {?MODULE, N}, {N, How});
step(Pid, {del, N}) -> gen_event:delete_handler(Pid, {?MODULE, N}, del);
step(Pid, {notify, Event}) -> gen_event:sync_notify(Pid, Event);
step(Pid, {call, N, What}) -> gen_event:call(Pid, {?MODULE, N}, What);
step(Pid, {swap, N, M, How}) -> gen_event:swap_handler(Pid, {{?MODULE, N}, why}, {{?MODULE, M}, {M, How}});
step(Pid, {swapsup, N, M, How}) -> gen_event:swap_sup_handler(Pid, {{?MODULE, N}, why}, {{?MODULE, M}, {M, How}}).
