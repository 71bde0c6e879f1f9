using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;

namespace Lockstep.Gateway.Kinto;

/// <summary>What to do for a request once it is understood.</summary>
internal abstract record KintoPlan
{
    /// <summary>The answer is known already.</summary>
    public sealed record Answer(KintoResponse Response) : KintoPlan;

    /// <summary>One operation in one bucket; neighbours for the same bucket and caller can share a request.</summary>
    public sealed record Call(BucketId Bucket, Caller Caller, Operation Operation, Func<Outcome, KintoResponse> Render) : KintoPlan;

    /// <summary>Anything else.</summary>
    public sealed record Task(Func<CancellationToken, ValueTask<KintoResponse>> Run) : KintoPlan
    {
        /// <summary>Maximal bytes of its answer, if it loads anything large. A batch asks for its parts itself.</summary>
        public long Most { get; init; }

        /// <summary>Whether its answer reports a change, and must be sent whatever room there is.</summary>
        public bool Changes { get; init; }

        /// <summary>Whether it reads across buckets, which a user may do once at a time. Default: no.</summary>
        public bool SpansBuckets { get; init; }

        /// <summary>Whether credentials may belong to another user, or to nobody, afterwards.</summary>
        public bool ChangesAccounts { get; init; }
    }

    /// <summary>Something has to be looked up before the plan is known.</summary>
    public sealed record Prepared(Func<CancellationToken, ValueTask<KintoPlan>> PrepareAsync) : KintoPlan;

    public static implicit operator KintoPlan(KintoResponse response) => new Answer(response);
}
