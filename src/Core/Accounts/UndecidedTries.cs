namespace Lockstep.Core.Accounts;

/// <summary>
/// Tries that have begun and not ended, under one key. One whose end does not come, since a process died or an answer was lost,
/// counts for no longer than <see cref="Longest"/>. Not for several threads at once.
/// </summary>
public sealed class UndecidedTries(TimeProvider time)
{
    /// <summary>More than a hash takes, behind all others that may wait for one.</summary>
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

    /// <summary>Also of one that is not known: it may have begun elsewhere, or too long ago.</summary>
    public void End(Guid id) => begun.Remove(id);
}
