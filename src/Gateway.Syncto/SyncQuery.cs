using System.Globalization;
using System.Text;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Sync15;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Syncto;

/// <summary>What a list is asked for.</summary>
/// <param name="Text">The query as Sync has it, without a question mark.</param>
/// <param name="IsLimited">Whether the client has said how many it wants.</param>
/// <param name="Excluded">Ids that are not wanted; Sync has no word for that.</param>
internal sealed record SyncQuery(string Text, bool IsLimited, IReadOnlyList<string> Excluded)
{
    private const int MaxExcluded = 200;
    private const string Sorts = "_sort should be one of ('-last_modified', 'newest', '-sortindex', 'index', 'last_modified', 'oldest')";

    /// <param name="query">In Kinto's words. What is not known is passed over.</param>
    /// <param name="maxRecords">Records of a page.</param>
    /// <returns>The one or the other.</returns>
    public static (SyncQuery? Read, SynctoResponse? Error) Read(QueryParameters query, int maxRecords)
    {
        foreach (var name in (ReadOnlySpan<string>)["_since", "_limit", "_token", "_sort", "in_ids", "ids", "exclude_id"])
        {
            if (!query.TryGetOnly(name, out _))
            {
                return (null, SynctoErrors.Invalid("querystring", name, $"{name} should be given once"));
            }
        }

        string? Value(string name) => query.TryGetOnly(name, out var value) ? value : null;

        var text = new StringBuilder("full=1");
        if (Value("_since") is { } since)
        {
            if (!ServerTimestamp.TryParse(since is ['"', .. var inner, '"'] ? inner : since, out var stamp))
            {
                return (null, SynctoErrors.Invalid("querystring", "_since", "_since should be a number."));
            }

            Add(text, "newer", SyncTime.Text(stamp));
        }

        // One that is none is refused by whoever has the data.
        var limit = Value("_limit");
        Add(text, "limit", limit is null || (int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var asked) && asked > maxRecords)
            ? maxRecords.ToString(CultureInfo.InvariantCulture)
            : limit);
        if (Value("_sort") is { } sort)
        {
            var order = sort switch
            {
                "-last_modified" or "newest" => "newest",
                "-sortindex" or "index" => "index",
                "last_modified" or "oldest" => "oldest",
                _ => null,
            };
            if (order is null)
            {
                return (null, SynctoErrors.Invalid("querystring", "_sort", Sorts));
            }

            Add(text, "sort", order);
        }

        if ((Value("in_ids") ?? Value("ids")) is { } ids)
        {
            Add(text, "ids", string.Join(',', Split(ids)));
        }

        if (Value("_token") is { } token)
        {
            Add(text, "offset", token);
        }

        var excluded = Split(Value("exclude_id") ?? "");
        return excluded.Count > MaxExcluded || !excluded.All(SyncNames.IsId)
            ? (null, SynctoErrors.Invalid("querystring", "exclude_id", $"exclude_id should have at most {MaxExcluded} ids"))
            : (new SyncQuery(text.ToString(), limit is not null, excluded), null);
    }

    /// <summary>The query of the next page: what the client has asked for, and where this one has ended.</summary>
    /// <param name="query">As it came, with its question mark; or empty.</param>
    /// <param name="next">Where.</param>
    public static string Next(string query, string next) => "?" + string.Join('&', query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Where(static part => !part.StartsWith("_token=", StringComparison.Ordinal))
        .Append("_token=" + Uri.EscapeDataString(next)));

    private static List<string> Split(string ids) => [.. ids.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static void Add(StringBuilder text, string name, string value) => text.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
}
