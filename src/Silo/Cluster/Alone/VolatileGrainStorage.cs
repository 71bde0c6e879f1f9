using System.Collections.Concurrent;
using Orleans.Runtime;
using Orleans.Storage;

namespace Lockstep.Silo.Cluster.Alone;

/// <summary>
/// Keeps small states of grains in this process's memory, for counts that expire: a state that was not written for that long is forgotten. When it is full and none has
/// expired, the oldest states are dropped. So losing one count takes as many wrong passwords for other names as there are places. If new states were refused instead,
/// somebody who fills the places would keep everybody else from signing in.
/// </summary>
/// <param name="keep">How long a state is kept after it was written.</param>
/// <param name="time">The clock.</param>
internal sealed class VolatileGrainStorage(Func<object, TimeSpan> keep, TimeProvider time) : IGrainStorage
{
    private const int MaxStates = 100_000;

    // Searching all of them takes long, and somebody who fills the places would cause a search with each state.
    private const int AtOnce = MaxStates / 100;

    private readonly ConcurrentDictionary<GrainId, (object State, long Written)> states = new();
    private readonly Lock gate = new();

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (states.TryGetValue(grainId, out var stored) && IsKept(stored))
        {
            (grainState.State, grainState.RecordExists) = ((T)stored.State, true);
            return Task.CompletedTask;
        }

        (grainState.State, grainState.RecordExists) = (Activator.CreateInstance<T>(), false);
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (states.Count >= MaxStates && !states.ContainsKey(grainId))
        {
            MakeRoom();
        }

        states[grainId] = (grainState.State!, time.GetTimestamp());
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        states.TryRemove(grainId, out _);
        grainState.RecordExists = false;
        grainState.State = Activator.CreateInstance<T>();
        return Task.CompletedTask;
    }

    private void MakeRoom()
    {
        lock (gate)
        {
            if (states.Count < MaxStates)
            {
                return;
            }

            var all = states.ToArray();
            var over = Array.FindAll(all, state => !IsKept(state.Value));
            foreach (var state in over.Length > 0 ? over : all.OrderBy(static state => state.Value.Written).Take(AtOnce))
            {
                states.TryRemove(state);
            }
        }
    }

    private bool IsKept((object State, long Written) stored) => time.GetElapsedTime(stored.Written) < keep(stored.State);
}
