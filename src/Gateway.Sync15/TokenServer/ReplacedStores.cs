using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Federation;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>
/// Cleans up replaced stores: closes those that are not closed yet, and removes their data after a while
/// (<c>Sync15:ReplacedRetention</c>). Only the data under a user's previous key is kept that long, so that nobody holds more than two quotas by changing their key again and
/// again. The rows of all are kept that long, since they say which keys are old. Data on a node is removed there, with a token for it; data on a removed node is lost. Several
/// processes may do this at once.
/// </summary>
public sealed class ReplacedStores
{
    /// <summary>The time between two rounds.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private const int PageSize = 100;
    private const int TokenSeconds = 300;

    private readonly IAssignmentStore assignments;
    private readonly IAccountStore accounts;
    private readonly IBuckets buckets;
    private readonly TokenSigner signer;
    private readonly OtherServerClient client;
    private readonly Sync15Options options;
    private readonly TimeProvider time;
    private readonly HashSet<long> emptied = [];
    private long? begun;

    internal ReplacedStores(
        IAssignmentStore assignments, IAccountStore accounts, IBuckets buckets, TokenSigner signer, OtherServerClient client, Sync15Options options, TimeProvider time)
    {
        (this.assignments, this.accounts, this.buckets, this.signer, this.client, this.options, this.time) =
            (assignments, accounts, buckets, signer, client, options, time);
    }

    /// <summary>Makes one round, if it is due. Not thread-safe.</summary>
    /// <exception cref="StoreUnavailableException">A database or a node is unreachable. The other stores were cleaned up.</exception>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        if (begun is { } last && time.GetElapsedTime(last) < Pause)
        {
            return;
        }

        begun = time.GetTimestamp();
        StoreUnavailableException? away = null;
        var silent = new HashSet<int>();
        var kept = ServerTimestamp.Now(time).Plus(-(long)options.ReplacedRetention.TotalMilliseconds);
        var seen = new HashSet<long>();
        var after = 0L;
        while (await assignments.ListReplacedAsync(new ServerTimestamp(long.MaxValue), after, PageSize, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var store in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                seen.Add(store.Number);
                try
                {
                    await SeeToAsync(store, kept, silent);
                }
                catch (StoreUnavailableException e)
                {
                    away = e;
                }
            }

            after = page[^1].Number;
        }

        emptied.IntersectWith(seen);
        if (away is not null)
        {
            throw new StoreUnavailableException("A store that was replaced could not be closed or emptied.", away);
        }
    }

    /// <param name="store">A replaced store.</param>
    /// <param name="kept">The data of stores that were replaced later than this stays.</param>
    /// <param name="silent">Nodes that failed in this round. Each may have many stores, and the whole round waits for each failure.</param>
    private async ValueTask SeeToAsync(Assignment store, ServerTimestamp kept, HashSet<int> silent)
    {
        if (!store.IsClosed)
        {
            await accounts.CloseAsync(store.Number, CancellationToken.None);
            await assignments.NoteClosedAsync(store.Number, CancellationToken.None);
        }

        var isOver = store.Replaced <= kept;
        if ((isOver || (!emptied.Contains(store.Number) && await IsSupersededAsync(store))) && !silent.Contains(store.Node))
        {
            try
            {
                await (store.Node == 0 ? EmptyAsync(store.Number) : EmptyAsync(store));
            }
            catch (StoreUnavailableException) when (store.Node != 0)
            {
                silent.Add(store.Node);
                throw;
            }

            if (isOver)
            {
                await assignments.ForgetAsync(store.Number, CancellationToken.None);
            }
            else
            {
                emptied.Add(store.Number);
            }
        }
    }

    /// <summary>Whether the user's key was changed again after the change that replaced the store. A replacement under the same key, as when a node is removed, does not count.</summary>
    private async ValueTask<bool> IsSupersededAsync(Assignment store)
    {
        var changes = 0;
        Assignment? later = null;

        // Newest first.
        foreach (var one in await assignments.FindAsync(store.User, CancellationToken.None))
        {
            changes += later is not null && later.Keys.Fingerprint != one.Keys.Fingerprint ? 1 : 0;
            if (one.Number == store.Number)
            {
                return changes > 1;
            }

            later = one;
        }

        // So many stores followed it that it is not among the listed ones.
        return true;
    }

    private async ValueTask EmptyAsync(long number)
    {
        var request = new BucketRequest(Caller.System, [new DeleteRecord(ObjectRef.Bucket)]);
        var id = BucketId.SyncStorage(number.ToString(CultureInfo.InvariantCulture));
        if ((await buckets.Get(id).ExecuteAsync(request, CancellationToken.None)).Outcomes[0] is Unavailable unavailable)
        {
            throw new StoreUnavailableException($"The store {number} was not emptied: {unavailable.Reason}.");
        }
    }

    private async ValueTask EmptyAsync(Assignment store)
    {
        if ((await assignments.ListNodesAsync(CancellationToken.None)).FirstOrDefault(node => node.Number == store.Node) is not { } node)
        {
            return;
        }

        var url = new Uri(string.Create(CultureInfo.InvariantCulture, $"{node.Url}{SyncProtocol.Prefix}/{store.Number}"));
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var (id, key) = signer.Sign(new SyncToken(store.Number, now + TokenSeconds, Random()) { Node = node.Url });
        var authorization = HawkHeader.Authorization(id, key, "DELETE", url, now);
        try
        {
            if ((await client.SendAsync(HttpMethod.Delete, url.AbsoluteUri, json: null, authorization, CancellationToken.None)).Status is not (HttpStatusCode.OK or HttpStatusCode.NoContent or HttpStatusCode.NotFound) and var status)
            {
                throw new StoreUnavailableException($"The store {store.Number} was not emptied: {node.Url} answered {(int)status}.");
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            throw new StoreUnavailableException($"The store {store.Number} was not emptied: {node.Url} does not answer.", e);
        }
    }

    private static string Random() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3));
}
