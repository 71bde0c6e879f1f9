using Lockstep.Core.Time;
using Lockstep.Core.Validation;

namespace Lockstep.Core.Owner;

/// <summary>The data rule of a bucket or a collection.</summary>
/// <param name="Rule">Null for no rule.</param>
/// <param name="Said">The object's stamp.</param>
internal sealed record KnownRule(IDataRule? Rule, ServerTimestamp Said)
{
    /// <summary>The approximate size of an entry without a rule. Most collections have no rule, and that is cached too.</summary>
    public const long OwnBytes = 300;

    public static readonly KnownRule Nothing = new(null, ServerTimestamp.Zero);

    /// <summary>Approximate bytes in memory.</summary>
    public long Size => OwnBytes + (Rule?.Size ?? 0);
}
