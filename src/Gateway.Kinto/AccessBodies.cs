using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// Turns the permissions of a body into the owner's form: the accounts that it names get their numbers. For a group this includes the
/// members.
/// </summary>
internal sealed class AccessBodies(AccountDirectory accounts, KintoOptions options)
{
    // As many as fit into a body of the default maximal size.
    private const int MaxAccounts = 20_000;

    /// <summary>The permissions of a PUT: all of them, or no change.</summary>
    public static IReadOnlyList<AccessEdit> OfPut(KintoBody body, ListRole role)
    {
        if (body.Permissions.Count == 0)
        {
            return [];
        }

        var given = body.Permissions.Where(static permission => permission.Value is not null).ToDictionary(static permission => permission.Key, static permission => permission.Value!);
        return given.Count == 0 ? [] : [.. PermissionNames.In(role).Select(right => new AccessEdit(AccessEditKind.Set, right, given.GetValueOrDefault(right, [])))];
    }

    /// <summary>The permissions of a PATCH: only those that it names.</summary>
    /// <param name="body">The body.</param>
    /// <param name="nullRemoves">Whether <c>null</c> removes everybody from a right; otherwise it changes nothing.</param>
    public static IReadOnlyList<AccessEdit> OfPatch(KintoBody body, bool nullRemoves) =>
        [.. body.Permissions.Where(permission => permission.Value is not null || nullRemoves).Select(static permission => new AccessEdit(AccessEditKind.Set, permission.Key, permission.Value ?? []))];

    /// <summary>Plans a write, once the accounts that it names are known.</summary>
    /// <param name="request">The request.</param>
    /// <param name="target">The object, or the list that it is created in.</param>
    /// <param name="written">The written object.</param>
    /// <param name="edits">The permissions, with principals as clients write them.</param>
    /// <param name="plan">Makes the plan from the owner's form; null for no change.</param>
    public KintoPlan Plan(KintoRequest request, KintoTarget target, ObjectRef written, IReadOnlyList<AccessEdit> edits, Func<AccessChange?, KintoPlan> plan)
    {
        var isGroup = target.List.Role == ListRole.Groups;
        var members = isGroup ? AccountsIn(request.Body) : [];
        if (target.Caller.Access == BucketAccess.Own || target.Bucket == default)
        {
            if (RefuseOthers(request, edits) is { } refusal)
            {
                return Refuse(request, target, written, refusal);
            }

            edits = [];
        }

        if (edits.Count == 0 && members.Count == 0)
        {
            return plan(null);
        }

        if (members.Count > MaxAccounts)
        {
            return KintoErrors.Invalid("body", "data.members", "names too many accounts");
        }

        var named = edits.SelectMany(static edit => edit.Principals).Concat(members).Where(PrincipalText.IsAccount).ToHashSet(StringComparer.Ordinal);
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        if (request.Principal is { } self && named.Remove(self.Id) && target.Caller.Principals.Stored is { } stored)
        {
            known[self.Id] = stored;
        }

        return named.Count == 0 ? plan(Change(edits, members, known)) : new KintoPlan.Prepared(async cancellationToken =>
        {
            foreach (var (principal, found) in await accounts.FindStoredAsync(named, cancellationToken))
            {
                known[principal] = found;
            }

            return plan(Change(edits, members, known));
        });
    }

    /// <summary>Nobody else can find a user's own bucket, or an account.</summary>
    /// <returns>The error if another principal is named.</returns>
    public static KintoResponse? RefuseOthers(KintoRequest request, IReadOnlyList<AccessEdit> edits) =>
        edits.Any(edit => edit.Principals.Any(principal => !string.Equals(principal, request.Principal?.Id, StringComparison.Ordinal)))
            ? KintoErrors.Invalid("body", "permissions", "An account, or a personal bucket and what is in it, cannot be shared; make a bucket by name for that.")
            : null;

    /// <summary>Refuses a write, but only if its precondition holds: as with any other write, a client with an outdated state is told that first.</summary>
    private KintoPlan Refuse(KintoRequest request, KintoTarget target, ObjectRef written, KintoResponse refusal) =>
        KintoPreconditions.Read(request, PreconditionScope.Record, out var precondition) is not null || precondition == Precondition.None
            ? refusal
            : new KintoPlan.Call(target.Bucket, target.Caller, new ReadRecord(written) { Precondition = precondition }, outcome => outcome switch
            {
                NotModified same => KintoOutcomes.Render(new PreconditionFailed(Existing: null, same.Stamp), request, target, fields: null, options),
                PreconditionFailed or Forbidden or AccountClosed or Unavailable => KintoOutcomes.Render(outcome, request, target, fields: null, options),
                _ => refusal,
            });

    private static AccessChange Change(IReadOnlyList<AccessEdit> edits, IReadOnlyCollection<string> members, Dictionary<string, string> known) =>
        new([.. edits.Select(edit => edit with { Principals = [.. edit.Principals.Select(principal => known.GetValueOrDefault(principal, principal))] })])
        {
            Accounts = [.. members.Where(known.ContainsKey).Select(member => known[member])],
        };

    /// <summary>Every text in the body that may be an account, wherever it is: a patch can move it.</summary>
    private static HashSet<string> AccountsIn(ReadOnlyMemory<byte> body)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        if (body.IsEmpty)
        {
            return found;
        }

        using var document = JsonText.Parse(body);
        Add(document.RootElement);
        return found;

        void Add(JsonElement element)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.String when JsonText.Read(element) is { } text && PrincipalText.IsAccount(text) && KintoBody.IsPrincipal(text):
                    found.Add(text);
                    break;
                case JsonValueKind.Array:
                    foreach (var item in element.EnumerateArray())
                    {
                        Add(item);
                    }

                    break;
                case JsonValueKind.Object:
                    foreach (var property in element.EnumerateObject())
                    {
                        Add(property.Value);
                    }

                    break;
            }
        }
    }
}
