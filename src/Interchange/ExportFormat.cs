using Lockstep.Core.Buckets;
using Lockstep.Core.Records;

namespace Lockstep.Interchange;

/// <summary>Names of the format: one JSON object a line. <c>docs/operations/export.md</c> describes all lines.</summary>
public static class ExportFormat
{
    /// <summary>What the first line calls the format.</summary>
    public const string Name = "lockstep-export";

    /// <summary>Rises when a program that knows only the former version cannot read it.</summary>
    public const int Version = 1;

    /// <summary>Bytes of the longest line that is read.</summary>
    public const int MaxLineBytes = 64 << 20;

    /// <summary>Nesting of JSON that is read: deeper than any data of a record may be.</summary>
    public const int MaxDepth = 1_000;

    /// <summary>In place of the id of a default bucket, which differs from server to server: this and the escaped principal of its user.</summary>
    public const string DefaultBucket = "default:";

    private static readonly (ListRole Role, string Name)[] Roles =
    [
        (ListRole.Records, "records"), (ListRole.Self, "bucket"), (ListRole.Collections, "collections"), (ListRole.Groups, "groups"), (ListRole.History, "history"),
        (ListRole.Former, "former"), (ListRole.HistoryOn, "history-on"), (ListRole.HistoryOff, "history-off"), (ListRole.HistoryOf, "history-of"), (ListRole.Files, "files"),
    ];

    /// <summary>The principal who owns a Sync storage, which has its number in it and so is not in the file; null for other buckets.</summary>
    internal static string? OwnerOf(BucketId bucket) => bucket.Kind != BucketKind.Sync ? null
        : bucket.Value.StartsWith("s:", StringComparison.Ordinal) ? "sync:" + bucket.Name
        : "sync11:" + bucket.Name;

    /// <returns>Null for lists that are not exported.</returns>
    internal static string? NameOf(ListRole role) => Array.Find(Roles, one => one.Role == role).Name;

    internal static ListRole? RoleOf(string name) => Array.Exists(Roles, one => one.Name == name) ? Array.Find(Roles, one => one.Name == name).Role : null;
}
