using Lockstep.Core.Buckets;
using Lockstep.Grains.Wire.Former;

namespace Lockstep.Grains.Wire;

/// <summary>
/// In which form requests go to owners, while silos of 0.1.0 and of this version run beside each other. Invariants:
/// <list type="number">
/// <item>A request goes in the form of this version unless a silo has refused that lately; then all go in the form of 0.1.0, which
/// both know.</item>
/// <item>A request that was refused was not executed: a silo that does not know the call cannot even read it. So it is sent again.</item>
/// </list>
/// </summary>
internal sealed class WireVersion(TimeProvider time)
{
    /// <summary>How long one refusal counts: a silo is replaced in less, and asking again costs one call.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(30);

    // Timestamp of the last refusal; 0 for none.
    private long refused;

    /// <summary>Whether requests go in the form of 0.1.0.</summary>
    public bool IsFormer => Volatile.Read(ref refused) is var last && last != 0 && time.GetElapsedTime(last) < Memory;

    public async Task<BucketResponse> CallAsync(IBucketGrain owner, BucketId id, Sending sending)
    {
        var request = sending.Request;
        if (!IsFormer)
        {
            try
            {
                var surrogate = BucketRequestSurrogate.From(sending);
                var answer = request.Caller.Access == BucketAccess.System ? owner.AdministerAsync(surrogate) : owner.RunAsync(surrogate);
                return (await answer).ToResponse(request);
            }
            catch (Exception e) when (IsUnknownCall(e))
            {
                Volatile.Write(ref refused, time.GetTimestamp());
                sending.BeginAnew();
            }
        }

        return (await owner.ExecuteAsync(RequestWire.From(sending, id), CancellationToken.None)).ToResponse();
    }

    /// <summary>What Orleans answers from a silo that cannot read which call it is.</summary>
    internal static bool IsUnknownCall(Exception e) =>
        e is TypeLoadException && e.Message.StartsWith("Unable to resolve type alias \"(\"inv\",", StringComparison.Ordinal);
}
