using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Attachments;
using Lockstep.Core.Quotas;
using Lockstep.Core.Storage;
using Lockstep.Core.Transfer;

namespace Lockstep.Interchange;

/// <summary>What is read, or written to.</summary>
public sealed record InterchangeStores
{
    public required IBucketStore Buckets { get; init; }

    public required IBucketSnapshots Snapshots { get; init; }

    public required IAccountStore Accounts { get; init; }

    public required IAccountTransfer Transfer { get; init; }

    public required IAssignmentStore Assignments { get; init; }

    public required IQuotaStore Quotas { get; init; }

    public required IAttachmentStore Files { get; init; }

    /// <summary>Where the content of files may be; new content goes to the first.</summary>
    public required IReadOnlyList<IAttachmentContent> Contents { get; init; }

    /// <summary>The id of the default bucket of a principal, who has the account of this number, or none if it is 0.</summary>
    public required Func<string, long, string> DefaultBucketOf { get; init; }
}
