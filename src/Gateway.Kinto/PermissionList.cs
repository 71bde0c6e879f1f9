using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// <c>/permissions</c>: the objects on which the caller has a right of their own, because they created the bucket or because they are named.
/// It spans buckets, so it does not show a single moment.
/// </summary>
internal sealed class PermissionList(KintoOptions options, BucketOptions owners, SharedObjects shared, IBucketIndex index, IBuckets buckets, AccountDirectory accounts)
{
    private const int MaxOwnBuckets = 1_000;

    private static readonly string[] Fields = ["uri", "resource_name", "bucket_id", "collection_id", "group_id", "record_id", "account_id", "id"];
    private static readonly Right[] All = [Right.Write];

    private readonly string[] creators = owners.Access.BucketCreatePrincipals.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public KintoPlan Page(KintoRequest request) => Plan(request, isCount: false);

    public KintoPlan Count(KintoRequest request) => Plan(request, isCount: true);

    private KintoPlan Plan(KintoRequest request, bool isCount)
    {
        if (KintoPreconditions.Read(request, PreconditionScope.List, out _) is { } invalid)
        {
            return invalid;
        }

        var (query, error) = Read(request);
        return query is null ? error! : new KintoPlan.Task(async cancellationToken =>
        {
            var entries = (await ListAsync(request, cancellationToken)).Where(query.Matches).ToList();
            var answer = new KintoResponse(200) { Stamp = ServerTimestamp.Zero };
            if (isCount)
            {
                var total = entries.Count.ToString(CultureInfo.InvariantCulture);
                return answer.With("Total-Objects", total).With("Total-Records", total);
            }

            entries.Sort(query.Compare);
            var left = query.After is { } after ? entries.SkipWhile(entry => !string.Equals(entry.Uri, after, StringComparison.Ordinal)).Skip(1).ToList() : entries;
            var page = left.Take(query.Limit).ToList();
            answer = answer with { Body = output => Write(output, page, query) };
            return left.Count > page.Count && page.Count > 0
                ? answer.With("Next-Page", $"{request.BaseUrl}/permissions?{string.Join('&', request.Query.Pairs.Where(static pair => pair.Key is not "_token").Select(static pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}").Append($"_token={Base64Url.EncodeToString(Encoding.UTF8.GetBytes(page[^1].Uri))}"))}")
                : answer;
        })
        {
            SpansBuckets = true,
        };
    }

    private async ValueTask<List<PermissionEntry>> ListAsync(KintoRequest request, CancellationToken cancellationToken)
    {
        // :: Step 1: the caller's own objects.
        var who = await shared.ResolveAsync(request.Principal, cancellationToken);
        var entries = new Dictionary<string, PermissionEntry>(StringComparer.Ordinal);
        var makes = new List<string>();
        if (creators.Any(who.CountsAs))
        {
            makes.Add("bucket:create");
        }

        if (request.MayRegister() || (request.Principal is { } asker && accounts.IsAdministrator(asker)))
        {
            makes.Add("account:create");
        }

        if (makes.Count > 0)
        {
            Add(PermissionEntry.OfRoot(makes));
        }

        if (request.Principal is { } principal)
        {
            if (principal.Profile is null)
            {
                Add(PermissionEntry.OfAccount(principal.Account));
            }

            var own = await index.ListByAuthorAsync(BucketSelection.ScanOf(principal, new ListQuery { Limit = MaxOwnBuckets }), cancellationToken);
            foreach (var id in own.Entries.Where(static entry => !entry.IsDeleted).Select(static entry => entry.Id))
            {
                Add(PermissionEntry.Of(id.Name, ObjectRef.Bucket, All));
                var lists = new BucketRequest(Callers.Of(principal, id), [List(ListRef.Collections), List(ListRef.Groups)]);
                var found = await buckets.Get(id).ExecuteAsync(lists, cancellationToken);
                foreach (var (outcome, list) in found.Outcomes.Zip(new[] { ListRef.Collections, ListRef.Groups }))
                {
                    if (outcome is Unavailable)
                    {
                        throw new StoreUnavailableException("A bucket's owner did not answer.");
                    }

                    foreach (var record in outcome is PageFound page ? page.Records : [])
                    {
                        Add(PermissionEntry.Of(id.Name, new ObjectRef(list, record.Id), All));
                    }
                }
            }
        }

        // :: Step 2: objects that name them.
        foreach (var named in await shared.ListAsync(who, cancellationToken))
        {
            Add(PermissionEntry.Of(named.Bucket.Name, named.Target, named.Rights));
        }

        return [.. entries.Values];

        static ListRecords List(ListRef list) => new(list, new ListQuery { Limit = SharedObjects.MaxObjects, Projection = Projection.Metadata });

        void Add(PermissionEntry entry)
        {
            if (entries.Count < SharedObjects.MaxObjects)
            {
                entries.TryAdd(entry.Uri, entry);
            }
        }
    }

    private (Query? Query, KintoResponse? Error) Read(KintoRequest request)
    {
        var query = new Query { Limit = options.MaxPageRecords };
        foreach (var (name, value) in request.Query.Pairs)
        {
            switch (name)
            {
                case "_limit":
                    if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit))
                    {
                        return (null, KintoErrors.Invalid("querystring", "_limit", "_limit should be an integer"));
                    }

                    query = query with { Limit = limit == 0 ? options.MaxPageRecords : Math.Min(limit, options.MaxPageRecords) };
                    break;
                case "_token":
                    try
                    {
                        query = query with { After = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(value)) };
                    }
                    catch (FormatException)
                    {
                        return (null, KintoErrors.Invalid("querystring", "_token", "_token has invalid content"));
                    }

                    break;
                case "_sort":
                    var fields = value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                    if (fields.FirstOrDefault(static field => !Fields.Contains(field.TrimStart('-', '+'), StringComparer.Ordinal) && field.TrimStart('-', '+') is not "last_modified") is { } unknown)
                    {
                        return (null, KintoErrors.Invalid("querystring", "_sort", $"Unknown sort field '{unknown}'"));
                    }

                    query = query with { Sort = [.. fields] };
                    break;
                case "_fields":
                    query = query with { Shown = [.. value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)] };
                    break;
                case ['_', ..]:
                    break;
                default:
                    if (Filter(name, value) is not { } filter)
                    {
                        return (null, KintoErrors.Invalid("querystring", name, $"Unknown filter field '{name}'"));
                    }

                    query.Filters.Add(filter);
                    break;
            }
        }

        return (query, null);
    }

    private static Func<PermissionEntry, bool>? Filter(string name, string value)
    {
        foreach (var (prefix, isIn) in new[] { ("in_", true), ("exclude_", false), ("not_", false), ("", true) })
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal) && Fields.Contains(name[prefix.Length..], StringComparer.Ordinal))
            {
                var values = prefix is "in_" or "exclude_" ? value.Split(',') : [value];
                return entry => values.Select(static text => text.Trim('"')).Contains(entry[name[prefix.Length..]], StringComparer.Ordinal) == isIn;
            }
        }

        return null;
    }

    private static void Write(System.Buffers.IBufferWriter<byte> output, List<PermissionEntry> page, Query query)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteStartArray("data");
        foreach (var entry in page)
        {
            json.WriteStartObject();
            foreach (var (name, value) in entry.Ids.Prepend(new("resource_name", entry.Resource)).Prepend(new("uri", entry.Uri)).Where(member => query.Shows(member.Key)))
            {
                json.WriteString(name, value);
            }

            if (query.Shows("permissions"))
            {
                json.WriteStartArray("permissions");
                foreach (var permission in entry.Permissions)
                {
                    json.WriteStringValue(permission);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private sealed record Query
    {
        public required int Limit { get; init; }

        /// <summary>The path of the last object on the previous page.</summary>
        public string? After { get; init; }

        public IReadOnlyList<string> Sort { get; init; } = [];

        public IReadOnlyList<string> Shown { get; init; } = [];

        public List<Func<PermissionEntry, bool>> Filters { get; } = [];

        public bool Matches(PermissionEntry entry) => Filters.TrueForAll(filter => filter(entry));

        public bool Shows(string member) => Shown.Count == 0 || member is "id" || Shown.Contains(member, StringComparer.Ordinal);

        /// <summary>Objects that are equal otherwise are ordered by path, the last one first.</summary>
        public int Compare(PermissionEntry a, PermissionEntry b)
        {
            foreach (var field in Sort)
            {
                var name = field.TrimStart('-', '+');
                var order = string.CompareOrdinal(a[name], b[name]);
                if (order != 0)
                {
                    return field[0] == '-' ? -order : order;
                }
            }

            return string.CompareOrdinal(b.Uri, a.Uri);
        }
    }
}
