# A program that refnet can ask for gradients: logistic_neuron and softmax_cross_entropy, in Julia.
#
#     refnet validate --process "julia examples/protocol/gradient.jl" --against logistic_neuron
#
# One line of JSON comes in on stdin, one goes out on stdout; every message is answered.
# It needs the package JSON: julia -e 'import Pkg; Pkg.add("JSON")'
import JSON

sigmoid(z) = z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z))

# L = -mean (y log a + (1 - y) log(1 - a)), a = sigmoid(w x + b):  dL/dz = (a - y) / n
function logistic_neuron(input)
    w, b = Float64(input["params"]["w"]), Float64(input["params"]["b"])
    x, y = Float64.(input["x"]), Float64.(input["y"])
    z = w .* x .+ b
    dz = ((1 .- y) .* sigmoid.(z) .- y .* sigmoid.(-z)) ./ length(x)  # a - y would cancel
    return Dict("params" => Dict("w" => sum(dz .* x), "b" => sum(dz)), "x" => dz .* w)
end

# L = -mean over rows of sum t log softmax(z); rows are lists of lists, so no axis changes order
function softmax_cross_entropy(input)
    rows = length(input["z"])
    function row(z, t)
        weights = exp.(z .- maximum(z))
        p = weights ./ sum(weights)
        others(v, c) = sum(v[k] for k in eachindex(v) if k != c; init = 0.0)
        return [(p[c] * others(t, c) - t[c] * others(p, c)) / rows for c in eachindex(z)]
    end
    return Dict("z" => [row(Float64.(z), Float64.(t)) for (z, t) in zip(input["z"], input["t"])])
end

const MODULES = Dict(
    "logistic_neuron" => logistic_neuron,
    "softmax_cross_entropy" => softmax_cross_entropy,
)

function answer(message)
    kind = message["kind"]
    kind == "start" && return Dict{String,Any}("tool" => "julia")
    kind == "define" && return Dict{String,Any}("success" => haskey(MODULES, message["module"]))
    kind == "evaluate" || return Dict{String,Any}()
    output = MODULES[message["module"]](message["input"])
    return Dict{String,Any}("success" => true, "output" => output)
end

for line in eachline(stdin)
    message = JSON.parse(line)
    println(JSON.json(merge(Dict{String,Any}("id" => message["id"]), answer(message))))
    flush(stdout)
end
