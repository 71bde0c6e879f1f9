using System.Collections.Concurrent;
using Orleans.Runtime;
using Orleans.Storage;

namespace Lockstep.Silo.Cluster.Alone;

/// <summary>
/// Small state of grains in this process's memory, for counts that mean nothing after some time: what was not written for so
/// long is forgotten, and what does not fit is not kept.
/// </summary>
/// <param name="keep">How long a state is kept after it was written.</param>
/// <param name="time">The clock.</param>
internal sealed class VolatileGrainStorage(TimeSpan keep, TimeProvider time) : IGrainStorage
{
    private const int MaxStates = 100_000;

    private readonly ConcurrentDictionary<GrainId, (object State, long Written)> states = new();

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (states.TryGetValue(grainId, out var stored) && IsKept(stored.Written))
        {
            (grainState.State, grainState.RecordExists) = ((T)stored.State, true);
        }

        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (states.Count >= MaxStates)
        {
            foreach (var (id, stored) in states)
            {
                if (!IsKept(stored.Written))
                {
                    states.TryRemove(KeyValuePair.Create(id, stored));
                }
            }
        }

        if (states.Count < MaxStates || states.ContainsKey(grainId))
        {
            states[grainId] = (grainState.State!, time.GetTimestamp());
        }

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

    private bool IsKept(long written) => time.GetElapsedTime(written) < keep;
}
