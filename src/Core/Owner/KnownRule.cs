using Lockstep.Core.Time;
using Lockstep.Core.Validation;

namespace Lockstep.Core.Owner;

/// <summary>What a bucket or a collection says of the data of what lies in it.</summary>
/// <param name="Rule">Null for nothing.</param>
/// <param name="Said">The object's stamp.</param>
internal sealed record KnownRule(IDataRule? Rule, ServerTimestamp Said)
{
    /// <summary>Of one without a rule, roughly: most collections say nothing, and that is remembered too.</summary>
    public const long OwnBytes = 300;

    public static readonly KnownRule Nothing = new(null, ServerTimestamp.Zero);

    /// <summary>Bytes in memory, roughly.</summary>
    public long Size => OwnBytes + (Rule?.Size ?? 0);
}
