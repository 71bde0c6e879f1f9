using System.Globalization;
using System.Text;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Core.Validation;

namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>The schemas of one bucket or collection.</summary>
/// <param name="role">The role of the object that has them.</param>
/// <param name="schemas">By the objects that they validate; null for a schema that cannot be read.</param>
/// <param name="options">Bounds.</param>
internal sealed class SchemaRule(ListRole role, IReadOnlyDictionary<ListRole, JsonSchema?> schemas, SchemaOptions options) : IDataRule
{
    /// <summary>Bytes that it takes in memory beside its schemas.</summary>
    public const long EmptySize = 200;

    // Some tenths of a millisecond.
    private const long BriefSteps = 20_000;

    // All judgements of one request together may take this many times the limit of one.
    private const int JudgementsARequest = 5;

    public long Size { get; } = EmptySize + schemas.Values.Sum(static schema => schema?.Size ?? 0);

    public DataVerdict? Judge(ObjectRef target, ReadOnlyMemory<byte> data, ServerTimestamp said, bool briefly, JudgedWork judged, CancellationToken givenUp)
    {
        if (!schemas.TryGetValue(target.List.Role, out var schema))
        {
            return new DataVerdict(null, data);
        }

        if (schema is null)
        {
            return Refuse(SchemaRules.Field, $"The schema of the {KintoTarget.NameOf(role)} cannot be used. Put it anew to be told why.", data);
        }

        var most = JudgementsARequest * options.MaxSteps;
        var steps = Math.Clamp(most - judged.Spent, 0, options.MaxSteps);
        var work = new SchemaWork(briefly ? Math.Min(BriefSteps, steps) : steps, givenUp);
        try
        {
            if (schema.Validate(target.Id, data, work) is { } fault)
            {
                return Refuse(fault.Field, fault.Reason, data);
            }
        }
        catch (SchemaWorkException e)
        {
            return briefly && !e.IsDeep && steps > BriefSteps ? null : Refuse(SchemaRules.Field, e.IsDeep
                ? "The schema leads in circles, or is too deep for this data."
                : steps < options.MaxSteps
                    ? $"To validate all of this request takes more than {most} steps. Send it in parts."
                    : $"To validate this data by the schema takes more than {options.MaxSteps} steps.", data);
        }
        finally
        {
            judged.Add(work.Spent);
        }

        return new DataVerdict(null, role == ListRole.Collections ? Stamped(data, said) : data);
    }

    private static DataVerdict Refuse(string? field, string reason, ReadOnlyMemory<byte> data) => new(new Refused("body", field is null ? null : SchemaRun.Shorten(field), reason), data);

    /// <summary>Adds the stamp of the collection whose schema it was valid for.</summary>
    private static ReadOnlyMemory<byte> Stamped(ReadOnlyMemory<byte> data, ServerTimestamp said)
    {
        using var document = JsonText.ParseAgain(data);
        var rest = document.RootElement.TryGetProperty(SchemaRules.Field, out _) ? JsonSchema.Without(document.RootElement, SchemaRules.Field) : data;
        var member = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{(rest.Length > 2 ? "," : "")}\"{SchemaRules.Field}\":{said.Milliseconds}}}"));
        var stamped = new byte[rest.Length - 1 + member.Length];
        rest.Span[..^1].CopyTo(stamped);
        member.CopyTo(stamped.AsSpan(rest.Length - 1));
        return stamped;
    }
}
