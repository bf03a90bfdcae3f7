# A chat room: who has joined hears what is said; who has ended is forgotten.
defmodule Room do
  use GenServer

  # what clients call

  def start_link(_), do: GenServer.start_link(Room, [], name: Room)

  def join(pid), do: GenServer.call(Room, {:join, pid})

  def say(text), do: GenServer.cast(Room, {:say, text})

  def members, do: GenServer.call(Room, :members)

  # callbacks; the state is the list of members

  @impl true
  def init([]), do: {:ok, []}

  @impl true
  def handle_call({:join, pid}, _from, members) do
    Process.monitor(pid)
    {:reply, :ok, [pid | members]}
  end

  def handle_call(:members, _from, members) do
    {:reply, length(members), members}
  end

  @impl true
  def handle_cast({:say, text}, members) do
    for pid <- members, do: send(pid, {:heard, text})
    {:noreply, members}
  end

  @impl true
  def handle_info({:DOWN, _ref, :process, pid, _reason}, members) do
    {:noreply, List.delete(members, pid)}
  end
end

# the supervisor of the room
defmodule RoomSup do
  use Supervisor

  def start_link, do: Supervisor.start_link(RoomSup, [])

  @impl true
  def init([]) do
    Supervisor.init([Room], strategy: :one_for_one, max_restarts: 1, max_seconds: 5)
  end
end

# a demonstration
:logger.set_primary_config(:level, :none)
{:ok, _sup} = RoomSup.start_link()

bob = spawn(fn ->
  receive do
    :stop -> :ok
  end
end)

Room.join(self())
Room.join(bob)
Room.say("hello")

receive do
  {:heard, text} -> IO.puts("heard #{text}")
end

IO.puts("members #{Room.members()}")

Process.exit(bob, :kill)
Process.sleep(50)
IO.puts("after bob's end #{Room.members()}")

before = Process.whereis(Room)
GenServer.cast(Room, :nonsense)
Process.sleep(50)
IO.puts("a new room #{Process.whereis(Room) != before}")
IO.puts("members #{Room.members()}")
