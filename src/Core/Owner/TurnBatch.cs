using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// The requests that a turn executes, with their responses, and those that it leaves to the next turn. It is a struct since there is one for each turn, which alone has it.
/// </summary>
internal struct TurnBatch
{
    private BucketResponse[] responses = [];
    private List<PendingRequest>? left;

    /// <param name="pending">At least one.</param>
    public TurnBatch(List<PendingRequest> pending) => (Pending, Requests) = (pending, RequestsOf(pending));

    /// <summary>What the turn executes.</summary>
    public List<PendingRequest> Pending { get; private set; }

    /// <summary>The same, without what makes them pending.</summary>
    public List<BucketRequest> Requests { get; private set; }

    public readonly int Count => Pending.Count;

    /// <summary>When the first of them must be answered.</summary>
    public readonly Deadline Deadline
    {
        get
        {
            var earliest = Pending[0].Deadline;
            for (var i = 1; i < Pending.Count; i++)
            {
                earliest = Deadline.Earliest(earliest, Pending[i].Deadline);
            }

            return earliest;
        }
    }

    /// <summary>Whether a caller does not wait any more.</summary>
    public readonly bool HasGone => Pending.Exists(static pending => pending.CallerGone.IsCancellationRequested);

    /// <summary>Whether none of the requests does anything.</summary>
    public readonly bool IsIdle => Requests.TrueForAll(static request => request.Operations.Count == 0);

    /// <summary>The turn begins, once more if it has begun before: without responses, and with what was left.</summary>
    public void Begin()
    {
        if (left is not null)
        {
            Pending = [.. Pending, .. left];
            Requests.AddRange(RequestsOf(left));
            left = null;
        }

        responses = new BucketResponse[Requests.Count];
    }

    /// <summary>The next turn executes them from this one on.</summary>
    public void LeaveFrom(int index)
    {
        left = Pending.GetRange(index, Pending.Count - index);
        Pending = Pending.GetRange(0, index);
        Requests = Requests.GetRange(0, index);
        responses = responses[..index];
    }

    public readonly void Respond(int index, BucketResponse response) => responses[index] = response;

    /// <summary>Some callers have gone, and nothing is committed: the turn begins again without their requests.</summary>
    public void RemoveGone()
    {
        foreach (var pending in Pending)
        {
            if (pending.CallerGone.IsCancellationRequested)
            {
                pending.DecideGone();
            }
        }

        KeepUndecided();
    }

    /// <summary>Decides the answers of requests whose accounts are closed: the turn begins again without them.</summary>
    public void RemoveClosed(IReadOnlyList<long> closed)
    {
        var before = Pending.Count;
        foreach (var pending in Pending)
        {
            if (pending.Request.Caller.Access != BucketAccess.System && closed.Contains(pending.Request.Caller.Principals.Account.Number))
            {
                pending.Decide(BucketResponse.Uniform(pending.Request, AccountClosed.Instance));
            }
        }

        KeepUndecided();
        if (Pending.Count == before)
        {
            throw new InvalidOperationException("The store says of an account that it is closed which the commit did not name.");
        }
    }

    /// <summary>The accounts in whose names a turn writes. The server's own work has none, even if it concerns somebody.</summary>
    public readonly List<long> Accounts()
    {
        var accounts = new List<long>(1);
        foreach (var request in Requests)
        {
            if (request.Caller.Access != BucketAccess.System && request.Caller.Principals.Account.Number is not 0 and var number && !accounts.Contains(number))
            {
                accounts.Add(number);
            }
        }

        return accounts;
    }

    /// <summary>Decides the answers as the turn has responded.</summary>
    /// <param name="clockLeads">Whether they say that the clock of the bucket is ahead.</param>
    public readonly void Decide(bool clockLeads)
    {
        for (var i = 0; i < responses.Length; i++)
        {
            var response = responses[i];
            Pending[i].Decide(clockLeads && !ReferenceEquals(response, PendingRequest.Unresolved) ? response with { ClockLeads = true } : response);
        }
    }

    /// <summary>Decides all answers alike.</summary>
    public readonly void Decide(Unavailable why) => Decide(Pending, why);

    /// <summary>Answers all who wait, also those whose requests were left: these were not executed.</summary>
    public readonly void AnswerUnknown()
    {
        Decide(Pending, Unavailable.FateUnknown);
        Pending.ForEach(static pending => pending.Answer());
        if (left is not null)
        {
            Decide(left, Unavailable.Overloaded);
            left.ForEach(static pending => pending.Answer());
        }
    }

    private static List<BucketRequest> RequestsOf(List<PendingRequest> all) => all.ConvertAll(static pending => pending.Request);

    private static void Decide(List<PendingRequest> all, Unavailable why)
    {
        foreach (var pending in all)
        {
            pending.Decide(BucketResponse.Uniform(pending.Request, why));
        }
    }

    private void KeepUndecided()
    {
        Pending = Pending.FindAll(static pending => !pending.IsDecided);
        Requests = RequestsOf(Pending);
    }
}
