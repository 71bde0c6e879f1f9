using System.Collections.Concurrent;
using Orleans.Runtime;
using Orleans.Storage;

namespace Lockstep.Silo.Cluster.Alone;

/// <summary>
/// Small state of grains in this process's memory, for counts that mean nothing after some time: what was not written for so
/// long is forgotten. Where more do not fit, and none is over, those go that were written the longest ago: to lose one count takes as many wrong
/// passwords of others as there are places. Were new ones refused, whoever fills the places would keep everybody else from signing in.
/// </summary>
/// <param name="keep">How long a state is kept after it was written: as long as it means something.</param>
/// <param name="time">The clock.</param>
internal sealed class VolatileGrainStorage(Func<object, TimeSpan> keep, TimeProvider time) : IGrainStorage
{
    private const int MaxStates = 100_000;

    // Looking through them all takes long, and would be done for each state of whoever fills them.
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
