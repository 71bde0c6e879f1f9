using Lockstep.Core.Time;
using Lockstep.Core.Validation;

namespace Lockstep.Core.Owner;

/// <summary>What a bucket or a collection says of the data of what lies in it.</summary>
/// <param name="Rule">Null for nothing.</param>
/// <param name="Said">The object's stamp.</param>
internal sealed record KnownRule(IDataRule? Rule, ServerTimestamp Said)
{
    public static readonly KnownRule Nothing = new(null, ServerTimestamp.Zero);
}
