namespace Lockstep.Core.Accounts;

/// <summary>
/// The tries under one key that have begun and not ended. A try whose end never comes, since a process died or an answer was lost,
/// counts for at most <see cref="Longest"/>. Not thread-safe.
/// </summary>
public sealed class UndecidedTries(TimeProvider time)
{
    /// <summary>Longer than a hash takes, including the wait behind all others.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly Dictionary<Guid, long> begun = [];

    public int Count
    {
        get
        {
            foreach (var (id, at) in begun)
            {
                if (time.GetElapsedTime(at) >= Longest)
                {
                    begun.Remove(id);
                }
            }

            return begun.Count;
        }
    }

    public void Begin(Guid id) => begun[id] = time.GetTimestamp();

    /// <summary>Accepts an unknown try: it may have begun elsewhere, or too long ago.</summary>
    public void End(Guid id) => begun.Remove(id);
}
