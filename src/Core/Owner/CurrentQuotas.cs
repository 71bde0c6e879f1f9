using Lockstep.Core.Quotas;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>The limits that hold now. A turn takes them once, when it begins.</summary>
internal sealed class CurrentQuotas
{
    private readonly QuotaOptions options;
    private readonly IBucketIndex? index;
    private readonly TimeProvider time;
    private readonly Action<Exception>? onFault;
    private volatile QuotaRules? rules;

    /// <param name="options">The limits of the settings.</param>
    /// <param name="index">Says what all of a user's buckets hold; null if it is not needed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onFault">Called with faults that nobody waits for; null for nobody.</param>
    public CurrentQuotas(QuotaOptions options, IBucketIndex? index, TimeProvider time, Action<Exception>? onFault = null)
    {
        (this.options, this.index, this.time, this.onFault) = (options, index, time, onFault);
        Set([]);
    }

    /// <summary>Null if nothing is limited.</summary>
    public QuotaRules? Rules => rules;

    /// <summary>Replaces what administrators have set. Not from two threads at once.</summary>
    public void Set(IReadOnlyList<Quota> stored)
    {
        // Known usage of users stays valid only as long as each commit is added to it.
        var known = rules?.Usage;
        rules = !options.IsOn && stored.Count == 0 ? null
            : new QuotaRules(options, stored, index is { } usage ? () => known ?? new UserUsage(usage.UsageByAuthorAsync, options.UserTime, time, onFault) : null);
    }
}
