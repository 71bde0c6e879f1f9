using Lockstep.Core.Buckets;

namespace Lockstep.Core.Owner;

/// <summary>The part of <see cref="WorkMemory"/> that one turn holds until its answers are decided.</summary>
internal sealed class TurnMemory(WorkMemory memory) : IDisposable
{
    private readonly Dictionary<string, long> held = new(StringComparer.Ordinal);

    /// <summary>Bytes that the turn has read or produced so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>The user who is charged for a caller; empty for callers who are not signed in.</summary>
    public static string UserOf(Caller caller) => caller.Principals.User ?? "";

    /// <summary>The bytes that this turn holds for a user.</summary>
    public long HeldFor(string user) => held.GetValueOrDefault(user);

    public bool TryHold(string user, long size)
    {
        if (!memory.TryHold(user, size, held.GetValueOrDefault(user)))
        {
            return false;
        }

        held[user] = held.GetValueOrDefault(user) + size;
        return true;
    }

    /// <summary>Counts bytes that were read or produced.</summary>
    public void Count(long size) => Bytes += size;

    /// <summary>Starts again, because the turn is discarded.</summary>
    public void Clear()
    {
        foreach (var (user, size) in held)
        {
            memory.Release(user, size);
        }

        held.Clear();
        Bytes = 0;
    }

    public void Dispose() => Clear();
}
