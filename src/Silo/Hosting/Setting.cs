using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Lockstep.Core.Settings;

namespace Lockstep.Silo.Hosting;

/// <summary>One setting, as its property declares it: name, type, default, <see cref="BoundsAttribute"/> or <see cref="AllowedValuesAttribute"/>.</summary>
/// <param name="Name">With its groups: <c>Http:MaxRequestBytes</c>.</param>
/// <param name="Property">The declaration.</param>
/// <param name="Group">What has the property.</param>
internal sealed record Setting(string Name, PropertyInfo Property, object Group)
{
    private static readonly TimeSpan LongestDuration = TimeSpan.FromDays(1);

    /// <summary>What it is set to.</summary>
    public object? Value => Property.GetValue(Group);

    /// <summary>All settings of a group and of the groups in it. Groups that are numbered have theirs: <c>OpenId:Providers:1:Name</c>; where there is none, the setting is the numbered group itself.</summary>
    public static IEnumerable<Setting> Of(object group, string prefix = "")
    {
        foreach (var property in group.GetType().GetProperties())
        {
            if (property.SetMethod is not { IsPublic: true })
            {
                continue;
            }

            var setting = new Setting(prefix + property.Name, property, group);
            if (property.PropertyType is { IsClass: true } type && type != typeof(string))
            {
                foreach (var inner in Of(setting.Value!, setting.Name + ":"))
                {
                    yield return inner;
                }
            }
            else if (setting.Value is IDictionary { Count: > 0 } numbered and not IDictionary<string, string>)
            {
                foreach (var number in numbered.Keys.Cast<string>().Order(StringComparer.Ordinal))
                {
                    foreach (var inner in Of(numbered[number]!, $"{setting.Name}:{number}:"))
                    {
                        yield return inner;
                    }
                }
            }
            else
            {
                yield return setting;
            }
        }
    }

    /// <returns>What is wrong with a value by itself, and the fix; null for nothing.</returns>
    public string? Problem(object? value) => value switch
    {
        Enum choice when !Enum.IsDefined(choice.GetType(), choice) => $"{Name} is {choice}. Use {Either(Enum.GetNames(choice.GetType()))}.",
        TimeSpan duration => Outside(duration),
        IConvertible number and not (string or bool or Enum) => Outside(number.ToDouble(CultureInfo.InvariantCulture)),
        string text when Property.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed && !allowed.Values.Contains(text) =>
            $"{Name} is '{text}'. Use {Either([.. allowed.Values.OfType<string>()])}.",
        _ => null,
    };

    private string? Outside(double number)
    {
        var bounds = Property.GetCustomAttribute<BoundsAttribute>();
        return bounds is null || (number >= bounds.Min && !(number > bounds.Max)) ? null : Sentence(
            number.ToString(CultureInfo.InvariantCulture),
            number > bounds.Max ? $"at most {bounds.Max:0.###}" : $"at least {bounds.Min:0.###}",
            bounds);
    }

    private string? Outside(TimeSpan duration)
    {
        var bounds = Property.GetCustomAttribute<BoundsAttribute>();
        var longest = bounds is null || double.IsNaN(bounds.Max) ? LongestDuration : TimeSpan.FromSeconds(bounds.Max);
        return duration > longest ? $"{Name} is {duration}. It must be at most {longest}. A bare number means days; write 00:00:30 for 30 seconds."
            : bounds is not null && duration.TotalSeconds < bounds.Min ? Sentence(duration.ToString(), $"at least {TimeSpan.FromSeconds(bounds.Min)}", bounds)
            : null;
    }

    private string Sentence(string value, string limit, BoundsAttribute bounds) =>
        $"{Name} is {value}. It must be {limit}.{(bounds.Reason.Length > 0 ? " " : "")}{bounds.Reason}";

    private static string Either(IReadOnlyList<string> values) =>
        $"{string.Join(", ", values.Take(values.Count - 1))} or {values[^1]}".ToLowerInvariant();
}
