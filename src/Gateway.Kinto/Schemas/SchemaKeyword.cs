using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Kinto.Schemas.Patterns;

namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>One keyword of a schema, or some that are read together. A value of a kind that the keyword does not check is valid.</summary>
internal abstract record SchemaKeyword
{
    private const int BytesAStep = 16;

    /// <param name="value">The value to judge.</param>
    /// <param name="run">Receives the fault.</param>
    public abstract bool Holds(JsonElement value, SchemaRun run);

    /// <summary>Counts the work of reading a value's own bytes.</summary>
    private protected static void SpendOn(JsonElement value, SchemaRun run) => run.Work.Spend(1 + (JsonMarshal.GetRawUtf8Value(value).Length / BytesAStep));

    private protected static bool Same(JsonElement a, JsonElement b, SchemaRun run)
    {
        if (a.ValueKind != b.ValueKind)
        {
            run.Work.Spend();
            return false;
        }

        run.Work.Spend(1 + (Math.Min(JsonMarshal.GetRawUtf8Value(a).Length, JsonMarshal.GetRawUtf8Value(b).Length) / BytesAStep));
        return JsonEquality.Same(a, b);
    }

    /// <summary><c>type</c>.</summary>
    /// <param name="Names">The allowed types.</param>
    internal sealed record OfType(IReadOnlyList<string> Names) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run)
        {
            if (value.ValueKind == JsonValueKind.Number)
            {
                SpendOn(value, run);
            }

            return Names.Any(name => Is(name, value))
                || run.Fail(null, () => $"{SchemaRun.Show(value)} is not of type {string.Join(", ", Names.Select(static name => $"'{name}'"))}");
        }

        private static bool Is(string name, JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Object => name is "object",
            JsonValueKind.Array => name is "array",
            JsonValueKind.String => name is "string",
            JsonValueKind.Null => name is "null",
            JsonValueKind.Number => name is "number" || (name is "integer" && SchemaNumber.Of(value).IsInteger),
            _ => name is "boolean",
        };
    }

    /// <summary><c>enum</c> and <c>const</c>.</summary>
    internal sealed record OneOfValues(IReadOnlyList<JsonElement> Values, bool IsConst) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run)
        {
            foreach (var one in Values)
            {
                if (Same(value, one, run))
                {
                    return true;
                }
            }

            return run.Fail(null, () => IsConst
                ? $"{SchemaRun.Show(Values[0])} was expected"
                : $"{SchemaRun.Show(value)} is not one of [{SchemaRun.Shorten(string.Join(", ", Values.Take(20).Select(SchemaRun.Show)))}]");
        }
    }

    /// <summary><c>minimum</c>, <c>maximum</c>, <c>exclusiveMinimum</c> or <c>exclusiveMaximum</c>.</summary>
    internal sealed record Bound(SchemaNumber Limit, string Text, bool IsMaximum, bool IsExclusive) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run)
        {
            if (value.ValueKind != JsonValueKind.Number)
            {
                return true;
            }

            SpendOn(value, run);
            var order = SchemaNumber.Of(value).Order(Limit) * (IsMaximum ? -1 : 1);
            return order > 0 || (order == 0 && !IsExclusive)
                || run.Fail(null, () => $"{SchemaRun.Show(value)} is {(IsMaximum ? "greater" : "less")} than {(IsExclusive ? "or equal to " : "")}the {(IsMaximum ? "maximum" : "minimum")} of {Text}");
        }
    }

    /// <summary><c>multipleOf</c>.</summary>
    internal sealed record MultipleOf(SchemaNumber Divisor, string Text) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run)
        {
            if (value.ValueKind != JsonValueKind.Number)
            {
                return true;
            }

            SpendOn(value, run);
            return SchemaNumber.Of(value).IsMultipleOf(Divisor) || run.Fail(null, () => $"{SchemaRun.Show(value)} is not a multiple of {Text}");
        }
    }

    /// <summary><c>minLength</c>, <c>maxLength</c>, <c>minItems</c>, <c>maxItems</c>, <c>minProperties</c> or <c>maxProperties</c>.</summary>
    /// <param name="Kind">What it counts.</param>
    /// <param name="Limit">The minimum or maximum.</param>
    /// <param name="IsMaximum">Whether the limit is a maximum.</param>
    internal sealed record Count(JsonValueKind Kind, long Limit, bool IsMaximum) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run)
        {
            if (value.ValueKind != Kind)
            {
                return true;
            }

            SpendOn(value, run);
            var count = Kind switch
            {
                JsonValueKind.Array => value.GetArrayLength(),
                JsonValueKind.Object => value.GetPropertyCount(),
                _ => PatternText.Length(JsonText.Decode(value)),
            };
            return (IsMaximum ? count <= Limit : count >= Limit) || run.Fail(null, () => (Kind, IsMaximum) switch
            {
                (JsonValueKind.Object, true) => $"{SchemaRun.Show(value)} has too many properties",
                (JsonValueKind.Object, false) => $"{SchemaRun.Show(value)} does not have enough properties",
                (_, true) => $"{SchemaRun.Show(value)} is too long",
                _ => $"{SchemaRun.Show(value)} is too short",
            });
        }
    }

    /// <summary><c>pattern</c>.</summary>
    internal sealed record Matches(Pattern Pattern, string Text) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run)
        {
            if (value.ValueKind != JsonValueKind.String)
            {
                return true;
            }

            SpendOn(value, run);
            return Pattern.IsIn(JsonText.Decode(value), run.Work) || run.Fail(null, () => $"{SchemaRun.Show(value)} does not match '{SchemaRun.Shorten(Text)}'");
        }
    }

    /// <summary><c>required</c>.</summary>
    internal sealed record Required(IReadOnlyList<string> Names) : SchemaKeyword
    {
        private readonly HashSet<string> wanted = new(Names, StringComparer.Ordinal);

        public override bool Holds(JsonElement value, SchemaRun run)
        {
            if (value.ValueKind != JsonValueKind.Object)
            {
                return true;
            }

            if (Names.Count == 0)
            {
                return true;
            }

            // One walk through the object, however many names there are: a look-up of each decodes all members' names where these have escapes.
            var found = new HashSet<string>(StringComparer.Ordinal);
            foreach (var property in value.EnumerateObject())
            {
                run.Work.Spend(1 + (JsonMarshal.GetRawUtf8PropertyName(property).Length / BytesAStep));
                var name = property.Name;
                if (wanted.Contains(name) && found.Add(name) && found.Count == wanted.Count)
                {
                    return true;
                }
            }

            foreach (var name in Names)
            {
                if (!found.Contains(name))
                {
                    return run.Fail(name, () => $"'{SchemaRun.Shorten(name)}' is a required property");
                }
            }

            return true;
        }
    }

    /// <summary><c>properties</c>, <c>patternProperties</c> and <c>additionalProperties</c>.</summary>
    /// <param name="Named">By their names.</param>
    /// <param name="Patterns">By patterns of their names.</param>
    /// <param name="Others">For all other members; null where these may be anything.</param>
    internal sealed record Properties(
        IReadOnlyDictionary<string, SchemaNode> Named, IReadOnlyList<(Pattern Pattern, SchemaNode Schema)> Patterns, SchemaNode? Others) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run)
        {
            if (value.ValueKind != JsonValueKind.Object)
            {
                return true;
            }

            foreach (var property in value.EnumerateObject())
            {
                run.Work.Spend(1 + (JsonMarshal.GetRawUtf8PropertyName(property).Length / BytesAStep));
                var name = property.Name;
                var isKnown = Named.TryGetValue(name, out var schema);
                if (isKnown && !run.Inside(schema!, property.Value, name))
                {
                    return false;
                }

                foreach (var (pattern, of) in Patterns)
                {
                    if (pattern.IsIn(name, run.Work))
                    {
                        isKnown = true;
                        if (!run.Inside(of, property.Value, name))
                        {
                            return false;
                        }
                    }
                }

                if (!isKnown && Others is { } others && !(others.IsNever
                    ? run.Fail("additionalProperties", () => $"Additional properties are not allowed ('{SchemaRun.Shorten(name)}' was unexpected)")
                    : run.Inside(others, property.Value, name)))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary><c>propertyNames</c>.</summary>
    internal sealed record PropertyNames(SchemaNode Schema) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run)
        {
            if (value.ValueKind != JsonValueKind.Object)
            {
                return true;
            }

            foreach (var property in value.EnumerateObject())
            {
                // The name becomes a value first.
                run.Work.Spend(10 + (JsonMarshal.GetRawUtf8PropertyName(property).Length / BytesAStep));
                if (!Schema.Holds(JsonSerializer.SerializeToElement(property.Name), run))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary><c>dependencies</c>.</summary>
    internal sealed record Dependencies(IReadOnlyDictionary<string, SchemaKeyword> Of) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run)
        {
            if (value.ValueKind != JsonValueKind.Object)
            {
                return true;
            }

            foreach (var property in value.EnumerateObject())
            {
                run.Work.Spend(1 + (JsonMarshal.GetRawUtf8PropertyName(property).Length / BytesAStep));
                if (Of.TryGetValue(property.Name, out var then) && !then.Holds(value, run))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>The schema of a dependency, for the same value.</summary>
    internal sealed record Also(SchemaNode Schema) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run) => Schema.Holds(value, run);
    }

    /// <summary><c>allOf</c>.</summary>
    internal sealed record AllOf(IReadOnlyList<SchemaNode> Schemas) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run) => Schemas.All(schema => schema.Holds(value, run));
    }

    /// <summary><c>items</c> and <c>additionalItems</c>.</summary>
    /// <param name="First">For the first items, one each.</param>
    /// <param name="Others">For the items after them; null where these may be anything.</param>
    internal sealed record Items(IReadOnlyList<SchemaNode> First, SchemaNode? Others) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run)
        {
            if (value.ValueKind != JsonValueKind.Array)
            {
                return true;
            }

            var index = 0;
            foreach (var item in value.EnumerateArray())
            {
                if ((index < First.Count ? First[index] : Others) is not { } schema)
                {
                    return true;
                }

                if (schema.IsNever && index >= First.Count && First.Count > 0)
                {
                    return run.Fail("additionalItems", $"Additional items are not allowed ({SchemaRun.Show(item)} was unexpected)");
                }

                if (!run.Inside(schema, item, index))
                {
                    return false;
                }

                index++;
            }

            return true;
        }
    }

    /// <summary><c>contains</c>.</summary>
    internal sealed record Contains(SchemaNode Schema) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run) => value.ValueKind != JsonValueKind.Array
            || value.EnumerateArray().Any(item => run.Try(Schema, item))
            || run.Fail("contains", () => $"None of {SchemaRun.Show(value)} are valid under the given schema");
    }

    /// <summary><c>uniqueItems</c>.</summary>
    internal sealed record UniqueItems : SchemaKeyword
    {
        // All are kept until the end.
        private const int StepsAnItem = 3;

        public override bool Holds(JsonElement value, SchemaRun run)
        {
            if (value.ValueKind != JsonValueKind.Array)
            {
                return true;
            }

            // Only items with equal hashes are compared. That is seldom more than one item.
            var (first, others) = (new Dictionary<int, JsonElement>(), new Dictionary<int, List<JsonElement>>());
            foreach (var item in value.EnumerateArray())
            {
                run.Work.Spend(StepsAnItem);
                SpendOn(item, run);
                var hash = HashOf(item);
                if (first.TryAdd(hash, item))
                {
                    continue;
                }

                if (!others.TryGetValue(hash, out var alike))
                {
                    others[hash] = alike = [first[hash]];
                }

                foreach (var other in alike)
                {
                    if (Same(item, other, run))
                    {
                        return run.Fail("uniqueItems", () => $"{SchemaRun.Show(value)} has non-unique elements");
                    }
                }

                alike.Add(item);
            }

            return true;
        }

        /// <summary>Equal for equal values however they are spelled. The sender of the data cannot predict it.</summary>
        private static int HashOf(JsonElement value)
        {
            var hash = default(HashCode);
            hash.Add((int)value.ValueKind);
            switch (value.ValueKind)
            {
                case JsonValueKind.String:
                    hash.Add(JsonText.Decode(value).GetHashCode(StringComparison.Ordinal));
                    break;
                case JsonValueKind.Number:
                    var bits = value.TryGetDouble(out var number) ? BitConverter.DoubleToInt64Bits(number == 0 ? 0 : number) : 0;
                    hash.Add((int)bits);
                    hash.Add((int)(bits >> 32));
                    break;
                case JsonValueKind.Array:
                    foreach (var item in value.EnumerateArray())
                    {
                        hash.Add(HashOf(item));
                    }

                    break;
                case JsonValueKind.Object:
                    // In any order.
                    var sum = 0;
                    foreach (var property in value.EnumerateObject())
                    {
                        sum = unchecked(sum + HashCode.Combine(property.Name.GetHashCode(StringComparison.Ordinal), HashOf(property.Value)));
                    }

                    hash.Add(sum);
                    break;
            }

            return hash.ToHashCode();
        }
    }

    /// <summary><c>anyOf</c>.</summary>
    internal sealed record AnyOf(IReadOnlyList<SchemaNode> Schemas) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run) => Schemas.Any(schema => run.Try(schema, value))
            || run.Fail("anyOf", () => $"{SchemaRun.Show(value)} is not valid under any of the given schemas");
    }

    /// <summary><c>oneOf</c>.</summary>
    internal sealed record OneOf(IReadOnlyList<SchemaNode> Schemas) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run)
        {
            var count = 0;
            foreach (var schema in Schemas)
            {
                if (run.Try(schema, value) && ++count > 1)
                {
                    return run.Fail("oneOf", () => $"{SchemaRun.Show(value)} is valid under each of several of the given schemas");
                }
            }

            return count == 1 || run.Fail("oneOf", () => $"{SchemaRun.Show(value)} is not valid under any of the given schemas");
        }
    }

    /// <summary><c>not</c>.</summary>
    internal sealed record Not(SchemaNode Schema) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run) => !run.Try(Schema, value)
            || run.Fail("not", () => $"{SchemaRun.Show(value)} should not be valid under the given schema");
    }

    /// <summary><c>if</c>, <c>then</c> and <c>else</c>.</summary>
    internal sealed record If(SchemaNode Condition, SchemaNode? Then, SchemaNode? Else) : SchemaKeyword
    {
        public override bool Holds(JsonElement value, SchemaRun run) => (run.Try(Condition, value) ? Then : Else)?.Holds(value, run) ?? true;
    }
}
