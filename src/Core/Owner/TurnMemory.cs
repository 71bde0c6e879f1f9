using Lockstep.Core.Buckets;

namespace Lockstep.Core.Owner;

/// <summary>What one turn holds of <see cref="WorkMemory"/>, until its answers are decided.</summary>
internal sealed class TurnMemory(WorkMemory memory) : IDisposable
{
    private readonly Dictionary<string, long> held = new(StringComparer.Ordinal);

    /// <summary>Bytes of what the turn has looked at or made so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>As whose what is held for a caller counts; empty for those who are not signed in.</summary>
    public static string UserOf(Caller caller) => caller.Principals.User ?? "";

    /// <summary>What this turn holds for a user.</summary>
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

    /// <summary>Something was looked at or made.</summary>
    public void Count(long size) => Bytes += size;

    /// <summary>The turn is thrown away.</summary>
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
