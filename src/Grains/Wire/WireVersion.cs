using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Grains.Wire.Former;

namespace Lockstep.Grains.Wire;

/// <summary>
/// In which form requests go to owners, while silos of 0.1.0 and of this version run beside each other. Invariants:
/// <list type="number">
/// <item>A request goes in the form of this version unless a silo has refused that lately; then all go in the form of 0.1.0, which
/// both know.</item>
/// <item>A request that was refused was not executed: a silo that does not know the call cannot even read it. So it is sent again.</item>
/// <item>What a silo from before sharing, before filters on fields, or before history and files, would misread goes in a call that it does not know, and in no other form.</item>
/// </list>
/// </summary>
internal sealed class WireVersion(TimeProvider time)
{
    /// <summary>How long one refusal counts: a silo is replaced in less, and asking again costs one call.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(30);

    // Timestamps of the last refusals, of all calls and of those that can be given up; 0 for none.
    private long refused;
    private long readRefused;

    /// <summary>Whether requests go in the form of 0.1.0.</summary>
    public bool IsFormer => IsRecent(ref refused);

    /// <param name="owner">The owner.</param>
    /// <param name="id">Its bucket.</param>
    /// <param name="sending">What is sent.</param>
    /// <param name="givenUp">Counts for a read that can take long only: most are answered before anybody can have gone.</param>
    public async Task<BucketResponse> CallAsync(IBucketGrain owner, BucketId id, Sending sending, CancellationToken givenUp)
    {
        var request = sending.Request;
        var (filters, recalls) = (IsFiltered(request), IsOfHistory(request));
        if (recalls || filters || IsOfSharing(request))
        {
            try
            {
                var surrogate = BucketRequestSurrogate.From(sending);
                return (await (recalls ? owner.RecallAsync(surrogate, givenUp) : filters ? owner.FilterAsync(surrogate, givenUp) : owner.ShareAsync(surrogate))).ToResponse(request);
            }
            catch (Exception e) when (IsUnknownCall(e))
            {
                return BucketResponse.Uniform(request, Unavailable.Overloaded);
            }
        }

        if (givenUp.CanBeCanceled && IsLongRead(request) && !IsFormer && !IsRecent(ref readRefused))
        {
            try
            {
                return (await owner.ReadAsync(BucketRequestSurrogate.From(sending), givenUp)).ToResponse(request);
            }
            catch (Exception e) when (IsUnknownCall(e))
            {
                Volatile.Write(ref readRefused, time.GetTimestamp());
                sending.BeginAnew();
            }
        }

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

        // The form of 0.1.0 has no words for it.
        if (request.Operations.Any(static operation => operation is ReadLists))
        {
            return BucketResponse.Uniform(request, Unavailable.Overloaded);
        }

        return (await owner.ExecuteAsync(RequestWire.From(sending, id), CancellationToken.None)).ToResponse();
    }

    /// <summary>Whether it is by somebody, about something, or has something in it, that silos of before do not know.</summary>
    private static bool IsOfSharing(BucketRequest request) =>
        (request.Caller.Principals.User is null && request.Caller.Access == BucketAccess.ByAcl)
        || request.Operations.Any(static operation => operation switch
        {
            PutRecord put => put.Access is not null || put.Target.List.Role == ListRole.Groups,
            CreateRecord create => create.Access is not null || create.Target.List.Role == ListRole.Groups,
            PatchRecord patch => patch.Access is not null || patch.Target.List.Role == ListRole.Groups,
            ReadRecord read => read.Target.List.Role == ListRole.Groups,
            DeleteRecord delete => delete.Target.List.Role == ListRole.Groups,
            ListRecords list => list.List.Role == ListRole.Groups,
            CountRecords count => count.List.Role == ListRole.Groups,
            DeleteRecords deletes => deletes.List.Role == ListRole.Groups,
            _ => false,
        });

    /// <summary>Whether it is about records with certain fields, and no others; or about what such records are found by.</summary>
    private static bool IsFiltered(BucketRequest request) => request.Operations.Any(static operation => operation switch
    {
        ListRecords list => list.Query.Fields.Count > 0,
        CountRecords count => count.Query.Fields.Count > 0,
        DeleteRecords deletes => deletes.Query.Fields.Count > 0,
        ReadFieldIndexes => true,
        _ => false,
    });

    /// <summary>Whether it is about what was done, or what was, or about files: silos that know the one know the other.</summary>
    private static bool IsOfHistory(BucketRequest request) => request.Operations.Any(static operation => operation switch
    {
        ReadAsOf or AttachFile => true,
        ListRecords list => list.List.Role == ListRole.History,
        CountRecords count => count.List.Role == ListRole.History,
        DeleteRecords deletes => deletes.List.Role == ListRole.History,
        _ => false,
    });

    /// <summary>Whether it sorts.</summary>
    private static bool IsLongRead(BucketRequest request) =>
        request.IsReadOnly && request.Operations.Any(static operation => operation is ListRecords { Query.Order: ListOrder.Fields });

    private bool IsRecent(ref long refusal) => Volatile.Read(ref refusal) is var last && last != 0 && time.GetElapsedTime(last) < Memory;

    /// <summary>What Orleans answers from a silo that cannot read which call it is.</summary>
    internal static bool IsUnknownCall(Exception e) =>
        e is TypeLoadException && e.Message.StartsWith("Unable to resolve type alias \"(\"inv\",", StringComparison.Ordinal);
}
