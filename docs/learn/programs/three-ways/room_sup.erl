%% The supervisor of the room, and a demonstration.
-module(room_sup).
-behaviour(supervisor).

-export([start_link/0, init/1, demo/0]).

start_link() ->
    supervisor:start_link(room_sup, []).

init([]) ->
    Flags = #{strategy => one_for_one, intensity => 1, period => 5},
    Room = #{id => room, start => {room, start_link, []}},
    {ok, {Flags, [Room]}}.

demo() ->
    logger:set_primary_config(level, none),
    {ok, _Sup} = start_link(),
    Bob = spawn(fun() -> receive stop -> ok end end),
    room:join(self()),
    room:join(Bob),
    room:say("hello"),
    receive {heard, Text} -> io:format("heard ~s~n", [Text]) end,
    io:format("members ~p~n", [room:members()]),

    exit(Bob, kill),
    timer:sleep(50),
    io:format("after bob's end ~p~n", [room:members()]),

    Before = whereis(room),
    gen_server:cast(room, nonsense),
    timer:sleep(50),
    io:format("a new room ~p~n", [whereis(room) =/= Before]),
    io:format("members ~p~n", [room:members()]),
    halt().
