using System.Text;

namespace Lockstep.Core.Quotas;

/// <summary>
/// The subject of a quota, as text: <c>/users/account:alice</c>, <c>/buckets/team</c> or <c>/buckets/team/collections/log</c>. A user is named by
/// their principal, a bucket by its id, and a personal bucket by <c>u:</c> and its id, since other users can give a bucket of theirs the same id.
/// </summary>
public sealed record QuotaSubject
{
    private const string Users = "/users/";
    private const string Buckets = "/buckets/";
    private const string Collections = "/collections/";
    private const string Personal = "u:";

    // The limit of a principal, and longer than any id.
    private const int MaxUserBytes = 512;
    private const int MaxIdLength = 255;

    private QuotaSubject(string text) => Text = text;

    public string Text { get; }

    /// <summary>The user's principal; null for a bucket or collection.</summary>
    public string? User { get; private init; }

    /// <summary>The bucket's id, a personal one's with <c>u:</c> in front; null for a user.</summary>
    public string? Bucket { get; private init; }

    /// <summary>The collection's id; null for a user or a whole bucket.</summary>
    public string? Collection { get; private init; }

    /// <returns>Null for a text that names no subject.</returns>
    public static QuotaSubject? Parse(string text)
    {
        if (text.StartsWith(Users, StringComparison.Ordinal))
        {
            var user = text[Users.Length..];
            return IsUser(user) ? new QuotaSubject(text) { User = user } : null;
        }

        if (!text.StartsWith(Buckets, StringComparison.Ordinal))
        {
            return null;
        }

        var names = text[Buckets.Length..];
        var end = names.IndexOf(Collections, StringComparison.Ordinal);
        var bucket = end < 0 ? names : names[..end];
        var collection = end < 0 ? null : names[(end + Collections.Length)..];
        return IsId(bucket.StartsWith(Personal, StringComparison.Ordinal) ? bucket[Personal.Length..] : bucket) && (collection is null || IsId(collection))
            ? new QuotaSubject(text) { Bucket = bucket, Collection = collection }
            : null;
    }

    public override string ToString() => Text;

    // Of a provider's user or an account, which both have a colon. Neither everybody nor a group has quotas.
    private static bool IsUser(string principal) =>
        principal.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && colon < principal.Length - 1
        && !principal.StartsWith('/') && !principal.Contains('\0', StringComparison.Ordinal) && Encoding.UTF8.GetByteCount(principal) <= MaxUserBytes;

    private static bool IsId(string id) =>
        id.Length is > 0 and <= MaxIdLength && char.IsAsciiLetterOrDigit(id[0]) && id.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
