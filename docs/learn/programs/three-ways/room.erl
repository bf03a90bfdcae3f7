%% A chat room: who has joined hears what is said; who has ended is forgotten.
-module(room).
-behaviour(gen_server).

-export([start_link/0, join/1, say/1, members/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

%% what clients call

start_link() ->
    gen_server:start_link({local, room}, room, [], []).

join(Pid) ->
    gen_server:call(room, {join, Pid}).

say(Text) ->
    gen_server:cast(room, {say, Text}).

members() ->
    gen_server:call(room, members).

%% callbacks; the state is the list of members

init([]) ->
    {ok, []}.

handle_call({join, Pid}, _From, Members) ->
    monitor(process, Pid),
    {reply, ok, [Pid | Members]};
handle_call(members, _From, Members) ->
    {reply, length(Members), Members}.

handle_cast({say, Text}, Members) ->
    [Pid ! {heard, Text} || Pid <- Members],
    {noreply, Members}.

handle_info({'DOWN', _Ref, process, Pid, _Reason}, Members) ->
    {noreply, lists:delete(Pid, Members)}.
