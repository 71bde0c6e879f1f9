using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;

namespace Lockstep.Gateway.Kinto;

/// <summary>What a request comes down to once it is understood.</summary>
internal abstract record KintoPlan
{
    /// <summary>The answer is known already.</summary>
    public sealed record Answer(KintoResponse Response) : KintoPlan;

    /// <summary>One operation of one bucket; neighbours of the same bucket and caller can share a request.</summary>
    public sealed record Call(BucketId Bucket, Caller Caller, Operation Operation, Func<Outcome, KintoResponse> Render) : KintoPlan;

    /// <summary>Anything else.</summary>
    public sealed record Task(Func<CancellationToken, ValueTask<KintoResponse>> Run) : KintoPlan
    {
        /// <summary>Bytes that its answer can be, where it loads anything large. A batch asks for its parts by itself.</summary>
        public long Most { get; init; }

        /// <summary>What it did has to be told, whatever room there is.</summary>
        public bool Changes { get; init; }

        /// <summary>After it credentials may be somebody else's, or nobody's.</summary>
        public bool ChangesAccounts { get; init; }
    }

    /// <summary>Something has to be looked up before it is known what to do.</summary>
    public sealed record Prepared(Func<CancellationToken, ValueTask<KintoPlan>> PrepareAsync) : KintoPlan;

    public static implicit operator KintoPlan(KintoResponse response) => new Answer(response);
}
